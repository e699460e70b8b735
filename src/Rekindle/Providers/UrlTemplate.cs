using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Rekindle.Providers;

/// <summary>Where in a URL a placeholder stands, which decides what its value may be.</summary>
internal enum UrlPlace
{
    /// <summary>The placeholder is the beginning of the URL, scheme included.</summary>
    Start,

    /// <summary>In the host.</summary>
    Host,

    /// <summary>In the path or the query.</summary>
    Path,
}

/// <summary>A run of fixed text or one placeholder.</summary>
internal readonly record struct UrlPart(bool IsVariable, string Text, UrlPlace Place);

/// <summary>
/// A URL with <c>{name}</c> placeholders. Expanding one decides where tokens and client secrets are sent, so a value can
/// only fill the place that the template gives it (DESIGN §5): the host of the result is compared with the template's.
/// </summary>
public sealed class UrlTemplate
{
    internal const int MaxLength = 2_048;

    // What most templates are: an address without placeholders. Every refresh asks for one.
    private const int MostConstant = 1_000;
    private static readonly ConcurrentDictionary<(string Template, bool AllowsInsecure), UrlExpansion> Constant = new();

    private UrlTemplate(string text, IReadOnlyList<UrlPart> parts)
    {
        Text = text;
        Parts = parts;
    }

    /// <summary>The template as written.</summary>
    public string Text { get; }

    internal IReadOnlyList<UrlPart> Parts { get; }

    /// <summary>
    /// Puts values into the placeholders of one of <paramref name="provider"/>'s endpoint templates. Values that are not
    /// given take the variable's default. Never throws for bad values: they are an answer.
    /// </summary>
    public static UrlExpansion Expand(string template, ProviderDefinition provider, IReadOnlyDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(values);

        var key = (template, provider.AllowsInsecureEndpoints);
        if (Constant.TryGetValue(key, out var known))
        {
            return known;
        }

        var expansion = Parse(template, out var problem) is { } parsed
            ? parsed.Expand(provider, values)
            : new UrlExpansion.Refused(null, problem);
        if (expansion is UrlExpansion.Expanded && !template.Contains('{', StringComparison.Ordinal) && Constant.Count < MostConstant)
        {
            Constant[key] = expansion;
        }

        return expansion;
    }

    internal static UrlTemplate? Parse(string text, out string problem)
    {
        var parts = new List<UrlPart>();
        problem = Split(text, parts);
        return problem.Length == 0 ? new UrlTemplate(text, parts) : null;
    }

    internal UrlExpansion Expand(ProviderDefinition provider, IReadOnlyDictionary<string, string> values)
    {
        var (url, host) = (new StringBuilder(), new StringBuilder());
        foreach (var part in Parts)
        {
            var text = part.Text;
            if (part.IsVariable)
            {
                var resolved = Resolve(part, provider, values);
                if (resolved.Answer is not null)
                {
                    return resolved.Answer;
                }

                text = resolved.Text;
                if (part.Place is UrlPlace.Start && Parts.Count > 1)
                {
                    if (text.Contains('?', StringComparison.Ordinal))
                    {
                        return new UrlExpansion.Refused(part.Text, "must not have a query: a path is put after it.");
                    }

                    text = text.TrimEnd('/');
                }
            }

            url.Append(text);
            if (part.Place is UrlPlace.Host)
            {
                host.Append(text);
            }
        }

        return Finish(url.ToString(), host.ToString(), provider.AllowsInsecureEndpoints);
    }

    private static (string Text, UrlExpansion? Answer) Resolve(
        UrlPart part, ProviderDefinition provider, IReadOnlyDictionary<string, string> values)
    {
        if (provider.Variables.FirstOrDefault(variable => variable.Name == part.Text) is not { } declared)
        {
            return ("", new UrlExpansion.Refused(part.Text, "is not declared by the provider."));
        }

        var given = values.GetValueOrDefault(part.Text) is { Length: > 0 } value ? value : null;
        if (given is null && declared is { Default: null, Optional: true })
        {
            return ("", new UrlExpansion.Absent(part.Text));
        }

        return declared.TryResolve(given, provider.AllowsInsecureEndpoints, out var text, out var problem)
            ? (text, null)
            : ("", new UrlExpansion.Refused(part.Text, problem));
    }

    /// <summary>The last word, whatever the checks before have let through: the address must be the one the template meant.</summary>
    private static UrlExpansion Finish(string text, string host, bool allowsInsecure)
    {
        if (text.Length > MaxLength || !TryAbsolute(text, allowsInsecure, out var url))
        {
            return new UrlExpansion.Refused(null, allowsInsecure
                ? "is not a usable https address (plain http: only to loopback)."
                : "is not a usable https address.");
        }

        var meant = host.Length == 0 || string.Equals(url.Authority, WithoutDefaultPort(host, url), StringComparison.OrdinalIgnoreCase);
        return meant && !ClimbsPath(text)
            ? new UrlExpansion.Expanded(url)
            : new UrlExpansion.Refused(null, "does not stay at the address that the provider entry fixes.");
    }

    /// <summary>An absolute https URL (or http to loopback, where that is allowed) without user information or fragment.</summary>
    internal static bool TryAbsolute(string text, bool allowsInsecure, out Uri url)
    {
        url = null!;
        if (!text.All(c => c is > ' ' and < '\u007f' and not ('\\' or '"' or '<' or '>' or '^' or '`' or '{' or '|' or '}'))
            || !Uri.TryCreate(text, UriKind.Absolute, out var parsed))
        {
            return false;
        }

        url = parsed;
        var scheme = parsed.Scheme == Uri.UriSchemeHttps || (allowsInsecure && parsed.Scheme == Uri.UriSchemeHttp && IsLoopback(parsed));
        return scheme && parsed.UserInfo.Length == 0 && !text.Contains('#', StringComparison.Ordinal) && parsed.Host.Length > 0
            && !parsed.Host.EndsWith('.') && !AuthorityOf(text).Contains('@', StringComparison.Ordinal);
    }

    private static bool IsLoopback(Uri url) =>
        url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string AuthorityOf(string text)
    {
        var start = text.IndexOf("://", StringComparison.Ordinal) is var at and >= 0 ? at + 3 : 0;
        var end = text.IndexOfAny(['/', '?', '#'], start);
        return end < 0 ? text[start..] : text[start..end];
    }

    private static string WithoutDefaultPort(string host, Uri url) =>
        url.IsDefaultPort && host.LastIndexOf(':') is var colon and >= 0 ? host[..colon] : host;

    private static bool ClimbsPath(string text)
    {
        var path = text.Split('?', 2)[0];
        return path.Contains("/../", StringComparison.Ordinal) || path.EndsWith("/..", StringComparison.Ordinal)
            || path.Contains("/./", StringComparison.Ordinal) || path.EndsWith("/.", StringComparison.Ordinal)
            || path.Contains("%2e", StringComparison.OrdinalIgnoreCase) || path.Contains("%2f", StringComparison.OrdinalIgnoreCase);
    }

    private static string Split(string text, List<UrlPart> parts)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal) is var at and >= 0 && !text.StartsWith('{') ? at + 3 : 0;
        if (scheme == 0 && !text.StartsWith('{'))
        {
            return "must begin with https:// or with a placeholder of kind url.";
        }

        if (scheme > 0)
        {
            if (text[..scheme] is not ("https://" or "http://"))
            {
                return "must begin with https://.";
            }

            parts.Add(new(false, text[..scheme], UrlPlace.Start));
        }

        return SplitRest(text, scheme, parts);
    }

    private static string SplitRest(string text, int from, List<UrlPart> parts)
    {
        var place = from == 0 ? UrlPlace.Start : UrlPlace.Host;
        var literal = from;
        for (var i = from; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '/' or '?' when place is not UrlPlace.Path:
                    AddLiteral(parts, text[literal..i], place);
                    (literal, place) = (i, UrlPlace.Path);
                    break;
                case '{':
                    AddLiteral(parts, text[literal..i], place);
                    var close = text.IndexOf('}', i);
                    if (close < 0 || !ProviderVariable.IsName(text.AsSpan(i + 1, close - i - 1)))
                    {
                        return "has a { that does not open a placeholder such as {tenant} (lower case letters, digits, underscore).";
                    }

                    parts.Add(new(true, text[(i + 1)..close], place));
                    (i, literal) = (close, close + 1);
                    break;
                case '}':
                    return "has a } without its {.";
                default:
                    break;
            }
        }

        AddLiteral(parts, text[literal..], place);
        return "";
    }

    private static void AddLiteral(List<UrlPart> parts, string text, UrlPlace place)
    {
        if (text.Length > 0)
        {
            parts.Add(new(false, text, place));
        }
    }
}
