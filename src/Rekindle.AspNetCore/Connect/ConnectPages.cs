using System.Globalization;
using System.Text;
using Rekindle.Connect;
using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Storage;
using static Rekindle.AspNetCore.Connect.PageShell;

namespace Rekindle.AspNetCore.Connect;

/// <summary>What stands on the connect pages.</summary>
internal static class ConnectPages
{
    public static (string Title, string Body) Choose(ConnectView.Choose view)
    {
        var choices = view.Options.Select(option =>
            $"""<li><a class="button" href="?integration={Text(Uri.EscapeDataString(option.Integration.Key))}">{Text(NameOf(option))}</a></li>""");
        return ("Connect an account", $"""
            <p>Where is the account that you want to connect?</p>
            <ul class="choices">
            {string.Join('\n', choices)}
            </ul>
            """);
    }

    public static (string Title, string Body) Ask(ConnectView.Ask view, string proof)
    {
        var name = NameOf(view.Entry);
        var wrong = view.Form.Fields.Count(field => field.Problem is not null);
        var account = view.Existing is { ProviderAccountName: { } known, Status: not (ConnectionStatus.Pending or ConnectionStatus.Revoked) }
            ? $"<p>Please sign in with the same account as before: <strong>{Text(known)}</strong>.</p>"
            : "";
        return (view.Session.Reconnects is null ? $"Connect {name}" : $"Reconnect {name}", $"""
            <p>You will go to {Text(name)}, sign in there and allow access. Then you come back{Text(BackTo(view.Session))}.</p>
            {account}
            {(wrong > 0 ? $"""<p class="bad" role="alert">{(wrong == 1 ? "One answer" : $"{wrong} answers")} below cannot be used yet.</p>""" : "")}
            <form method="post">
            <input type="hidden" name="proof" value="{Text(proof)}">
            <input type="hidden" name="integration" value="{Text(view.Entry.Integration.Key)}">
            {string.Join('\n', view.Form.Fields.Select(Field))}
            <button>Continue to {Text(name)}</button>
            </form>
            """);
    }

    public static (string Title, string Body) Connected(ConnectView.Connected view) => ($"{NameOf(view.Entry)} is connected", """
        <p role="status">That was all. You can close this page.</p>
        """);

    public static (string Title, string Body) Problem(ConnectView.Problem view, Uri? retry)
    {
        var retryButton = retry is null ? "" : $"""<p><a class="button" href="{Text(retry.AbsoluteUri)}">Try again</a></p>""";
        var back = view.ReturnTo is null ? "" : $"""<p><a href="{Text(view.ReturnTo.AbsoluteUri)}">Back to {Text(view.ReturnTo.Host)}</a></p>""";
        return (view.Error.Title.TrimEnd('.'), $"""
            <p role="alert">{Text(view.Error.Advice)}</p>
            {retryButton}
            {back}
            <p><small>If you ask for help, mention this word: {Names.Of(view.Error.Code)}</small></p>
            """);
    }

    private static string Field(ConnectFormField field)
    {
        var described = string.Join(' ', new[] { field.Help is null ? "" : $"{field.Name}.help", field.Problem is null ? "" : $"{field.Name}.bad" }.Where(id => id.Length > 0));
        var attributes = new StringBuilder($"""id="{Text(field.Name)}" name="{Text(field.Name)}" """);
        attributes.Append(field.Required ? "required " : "");
        attributes.Append(described.Length > 0 ? $"""aria-describedby="{Text(described)}" """ : "");
        attributes.Append(field.Problem is not null ? """aria-invalid="true" """ : "");
        return $"""
            <div class="field">
            <label for="{Text(field.Name)}">{Text(field.Label)}{(field.Required ? "" : " (optional)")}</label>
            {(field.Help is null ? "" : $"""<p class="help" id="{Text(field.Name)}.help">{Text(field.Help)}</p>""")}
            {(field.Kind == ConnectFieldKind.Choice ? Select(field, attributes) : Input(field, attributes))}
            {(field.Problem is null ? "" : $"""<p class="bad" id="{Text(field.Name)}.bad">{Text(field.Problem)}</p>""")}
            </div>
            """;
    }

    private static string Select(ConnectFormField field, StringBuilder attributes)
    {
        var none = field.Required && field.Value.Length > 0 ? "" : """<option value="">Please choose</option>""";
        var options = field.Choices.Select(choice =>
            $"""<option value="{Text(choice.Key)}"{(choice.Key == field.Value ? " selected" : "")}>{Text(choice.Value)}</option>""");
        return $"<select {attributes}>{none}{string.Concat(options)}</select>";
    }

    // Numbers are typed as text: with type=number a browser may swallow what it does not understand instead of sending it.
    private static string Input(ConnectFormField field, StringBuilder attributes)
    {
        var number = field.Kind is ConnectFieldKind.Number or ConnectFieldKind.Percent;
        var hint = (field.Min, field.Max) switch
        {
            _ when !number => "",
            ({ } min, { } max) => $"placeholder=\"{Plain(min)} to {Plain(max)}\" ",
            _ => "",
        };
        return $"""<input {attributes}{hint}{(number ? "inputmode=\"decimal\" " : "")}maxlength="{ConnectField.MaxLength}" value="{Text(field.Value)}">""";
    }

    private static string Plain(decimal number) => number.ToString("0.######", CultureInfo.InvariantCulture);

    private static string BackTo(ConnectSession session) => session.ReturnUrl is { } url ? $" to {new Uri(url).Host}" : " here";

    private static string NameOf(IntegrationEntry entry) => entry.Integration.DisplayName;
}
