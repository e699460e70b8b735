using System.Text;
using Rekindle.Providers;

namespace Rekindle.Connect;

/// <summary>
/// Where a browser may be sent after a connect flow. An allow-list entry is an origin (<c>https://app.example.com</c>), which
/// stands for every address there, or one exact address. Plain http only to loopback, for development.
/// </summary>
public static class ReturnUrls
{
    private const int MaxLength = 2_000;

    /// <summary>What is wrong with an integration's allow-list, in words for its operator; empty when nothing is.</summary>
    public static IEnumerable<string> Mistakes(IEnumerable<string> allowed)
    {
        ArgumentNullException.ThrowIfNull(allowed);
        return allowed.Where(entry => TryParse(entry) is null).Select(static _ =>
            "a return address must be an origin such as https://app.example.com or a complete https:// address, without user information and fragment; "
            + "http:// only for loopback.");
    }

    /// <summary>Whether the list allows an address.</summary>
    internal static bool Allows(IEnumerable<string> allowed, string url) =>
        TryParse(url) is { } wanted && allowed.Select(TryParse).Any(entry => entry is not null && Allows(entry, wanted));

    /// <summary>The address with values in its query. Each is escaped, so none can end the query or the header it stands in.</summary>
    internal static Uri With(string url, params IEnumerable<(string Name, string? Value)> values)
    {
        var text = new StringBuilder(url);
        var separator = url.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        foreach (var (name, value) in values)
        {
            if (value is not null)
            {
                text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        return new Uri(text.ToString());
    }

    private static bool Allows(Uri entry, Uri wanted) =>
        Origin(entry) == Origin(wanted) && (entry.PathAndQuery == "/" || entry.PathAndQuery == wanted.PathAndQuery);

    private static string Origin(Uri url) => url.GetLeftPart(UriPartial.Authority);

    private static Uri? TryParse(string text) =>
        text.Length <= MaxLength && UrlTemplate.TryAbsolute(text, allowsInsecure: true, out var url) ? url : null;
}
