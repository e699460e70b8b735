using System.Text;
using System.Text.Encodings.Web;
using Rekindle.Simulator.Http;

namespace Rekindle.Simulator.Authorize;

/// <summary>The pages a user sees at a simulated provider. They work without script and load nothing.</summary>
internal static class ConsentPage
{
    /// <summary>Value of the choice "another account".</summary>
    public const string OtherAccount = "*";

    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

    private static readonly string[] Accounts = ["alice", "bob", "carol"];

    public static Answer Ask(AuthorizationServer server, AuthorizationRequest request) => Page(
        200,
        $"Sign in at {server.Name}",
        $"""
        <h1>Sign in at {Text(server.Name)}</h1>
        <p>The application <strong>{Text(request.ClientId)}</strong> asks for access to your account.
        This is a simulated provider: pick any account, no password is asked.</p>
        <form method="post" action="{Text(server.AuthorizeEndpoint.AbsolutePath)}">
        {Carried(request.Parameters)}
        <fieldset><legend>Account</legend>
        {AccountChoices(request.LoginHint)}
        </fieldset>
        {ScopeChoices(request.Scopes)}
        <p class="decision"><button name="decision" value="allow">Allow</button>
        <button name="decision" value="deny" formnovalidate>Deny</button></p>
        </form>
        """);

    public static Answer Problem(string text) => Page(400, "This request cannot be served", $"""
        <h1>This request cannot be served</h1>
        <p>{Text(text)}</p>
        """);

    public static Answer FormPost(string redirectUri, IReadOnlyDictionary<string, string?> values) => Page(
        200,
        "Return to the application",
        $"""
        <h1>Return to the application</h1>
        <form method="post" action="{Text(redirectUri)}">
        {Carried(values)}
        <p class="decision"><button>Continue</button></p>
        </form>
        """);

    private static string AccountChoices(string? hint)
    {
        var chosen = hint ?? Accounts[0];
        var isListed = Accounts.Contains(chosen);
        var choices = new StringBuilder();
        foreach (var account in Accounts)
        {
            choices.AppendLine(Choice(account, account, account == chosen));
        }

        choices.AppendLine(Choice(OtherAccount, "Another account", !isListed));
        choices.AppendLine($"""
            <p><label for="other">Name of the other account</label>
            <input id="other" name="other_account" autocomplete="off" value="{(isListed ? "" : Text(chosen))}"></p>
            """);
        return choices.ToString();
    }

    private static string Choice(string value, string label, bool isChosen) =>
        $"""<p><label><input type="radio" name="account" value="{Text(value)}"{(isChosen ? " checked" : "")}> {Text(label)}</label></p>""";

    private static string ScopeChoices(IReadOnlyList<string> scopes)
    {
        if (scopes.Count == 0)
        {
            return "";
        }

        var boxes = scopes.Select(scope =>
            $"""<p><label><input type="checkbox" name="granted" value="{Text(scope)}" checked> {Text(scope)}</label></p>""");
        return $"<fieldset><legend>What it may do</legend>\n{string.Join('\n', boxes)}\n</fieldset>";
    }

    private static string Carried(IEnumerable<KeyValuePair<string, string?>> values) => string.Join(
        '\n', values.Select(value => $"""<input type="hidden" name="{Text(value.Key)}" value="{Text(value.Value)}">"""));

    private static Answer Page(int status, string title, string body) => Answer.Html(status, $$"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{{Text(title)}}</title>
        <style>
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem }
        body { color: #1b1b1f; background: #fff }
        fieldset { border: 1px solid #76767c; border-radius: .4rem; margin: 0 0 1rem }
        p { margin: .5rem 0 }
        button { font: inherit; padding: .5rem 1.25rem; border: 1px solid #1b4b8f; border-radius: .4rem }
        button { background: #fff; color: #1b4b8f }
        button[value=allow] { background: #1b4b8f; color: #fff }
        </style>
        </head>
        <body><main>
        {{body}}
        </main></body>
        </html>
        """)
        .With("Content-Security-Policy", Policy)
        .With("Cache-Control", "no-store")
        .With("Referrer-Policy", "no-referrer");

    private static string Text(string? value) => HtmlEncoder.Default.Encode(value ?? "");
}
