using System.Net;
using System.Text.RegularExpressions;

namespace Rekindle.Demo;

/// <summary>
/// Somebody with a browser: opens a link, presses what is to be pressed, signs in at the simulated provider and comes back. Reads
/// the pages as they are sent; nothing is known here of how they come about.
/// </summary>
internal sealed partial class DemoPerson : IDisposable
{
    private readonly HttpClient _browser = new(new SocketsHttpHandler { AllowAutoRedirect = true, CookieContainer = new CookieContainer() });

    /// <summary>The whole way from a connect link to the last page; its heading.</summary>
    public async Task<string> ConnectAsync(Uri link, string account, CancellationToken cancellationToken)
    {
        var consent = await PressAsync(await OpenAsync(link, cancellationToken), [], cancellationToken);
        var last = await PressAsync(consent, [new("account", "*"), new("other_account", account), new("decision", "allow")], cancellationToken);
        return Decoded(Heading.Match(last.Text).Groups[1].Value);
    }

    public void Dispose() => _browser.Dispose();

    private async Task<Page> OpenAsync(Uri address, CancellationToken cancellationToken)
    {
        using var answer = await _browser.GetAsync(address, cancellationToken);
        return await ReadAsync(answer, cancellationToken);
    }

    // What a browser sends: hidden fields, boxes and choices that are ticked, and what the person did.
    private async Task<Page> PressAsync(Page page, KeyValuePair<string, string>[] done, CancellationToken cancellationToken)
    {
        var given = Inputs.Matches(page.Text).Select(input => input.Value)
            .Where(input => Of(input, "type") is "hidden" || input.Contains(" checked", StringComparison.Ordinal))
            .Select(input => KeyValuePair.Create(Of(input, "name"), Of(input, "value")))
            .Where(input => done.All(own => own.Key != input.Key));
        var action = Action.Match(page.Text) is { Success: true } to ? Decoded(to.Groups[1].Value) : "";
        using var form = new FormUrlEncodedContent(given.Concat(done));
        using var answer = await _browser.PostAsync(new Uri(page.Address, action), form, cancellationToken);
        return await ReadAsync(answer, cancellationToken);
    }

    private static async Task<Page> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        new(answer.RequestMessage!.RequestUri!, await answer.Content.ReadAsStringAsync(cancellationToken));

    private static string Of(string input, string attribute) =>
        Decoded(Regex.Match(input, $" {attribute}=\"([^\"]*)\"", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value);

    private static string Decoded(string text) => WebUtility.HtmlDecode(text);

    [GeneratedRegex("<input [^>]*>")]
    private static partial Regex Inputs { get; }

    [GeneratedRegex("<form [^>]*action=\"([^\"]*)\"")]
    private static partial Regex Action { get; }

    [GeneratedRegex("<h1>(.*?)</h1>")]
    private static partial Regex Heading { get; }

    private sealed record Page(Uri Address, string Text);
}
