using System.Text.RegularExpressions;

namespace Rekindle.Providers;

/// <summary>Where a variable's value comes from.</summary>
public enum VariableSource
{
    /// <summary>Set once by the operator on the integration.</summary>
    Integration,

    /// <summary>Asked on the connect form or given with the session.</summary>
    Connection,

    /// <summary>Query parameter of the callback (Zoho's <c>location</c>).</summary>
    Callback,

    /// <summary>Field of the token answer (Salesforce's <c>instance_url</c>).</summary>
    TokenAnswer,

    /// <summary>The integration's client id.</summary>
    Client,
}

/// <summary>What a variable's text may be.</summary>
public enum VariableKind
{
    /// <summary>One DNS label: letters, digits, inner hyphens, at most 63. Upper case is written small.</summary>
    DnsLabel,

    /// <summary>One path segment: letters, digits, dot, dash, underscore, at most 128; not a host.</summary>
    PathSegment,

    /// <summary>A host name, with a port where needed; only with <see cref="VariableSource.Integration"/>.</summary>
    Host,

    /// <summary>A whole URL at the beginning of a template; only with <see cref="VariableSource.Integration"/>.</summary>
    Url,
}

/// <summary>
/// A placeholder in a URL template. One that reaches a host is an enumerated value or one DNS label under a suffix
/// that the template fixes; free hosts are set only by the operator (DESIGN §5).
/// </summary>
public sealed partial record ProviderVariable
{
    /// <summary>Name in the templates.</summary>
    public required string Name { get; init; }

    /// <summary>Label on the connect form.</summary>
    public string? Title { get; init; }

    /// <summary>Where the value comes from.</summary>
    public VariableSource Source { get; init; } = VariableSource.Connection;

    /// <summary>Name of the callback parameter or token-answer path; null: same as <see cref="Name"/>.</summary>
    public string? From { get; init; }

    /// <summary>Allowed values; empty: see <see cref="Kind"/>. A key may map to another inserted text (Zoho: eu → zoho.eu).</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>What the value may look like when <see cref="Values"/> is empty.</summary>
    public VariableKind Kind { get; init; } = VariableKind.DnsLabel;

    /// <summary>Value used when none is given; null: required.</summary>
    public string? Default { get; init; }

    /// <summary>Whether it may stay without a value: an endpoint that consists of it is then absent.</summary>
    public bool Optional { get; init; }

    /// <summary>Checks a value and gives the text to insert. Use it where a value is accepted: a form, an import, the API.</summary>
    /// <param name="given">The value; null or empty: <see cref="Default"/>.</param>
    /// <param name="text">Text for the template; empty when false is returned.</param>
    /// <param name="problem">What is wrong, for people; never repeats the value. Empty when true is returned.</param>
    public bool TryResolve(string? given, out string text, out string problem) =>
        TryResolve(given, allowsInsecure: false, out text, out problem);

    internal static bool IsName(ReadOnlySpan<char> name) => NamePattern.IsMatch(name);

    internal static bool IsDnsLabel(string value) => DnsLabelPattern.IsMatch(value);

    internal static bool IsPathSegment(string value) =>
        PathSegmentPattern.IsMatch(value) && !value.Contains("..", StringComparison.Ordinal);

    internal static bool IsHost(string value) =>
        HostPattern.Match(value) is { Success: true } match && match.Groups["name"].Length <= 253
        && (match.Groups["port"] is not { Success: true } port || int.Parse(port.ValueSpan, provider: null) is > 0 and <= 65_535);

    internal bool TryResolve(string? given, bool allowsInsecure, out string text, out string problem)
    {
        (text, problem) = ("", "");
        var value = string.IsNullOrEmpty(given) ? Default : given;
        if (value is null)
        {
            problem = "has no value.";
        }
        else if (Values.Count > 0)
        {
            problem = Values.TryGetValue(value, out text!) ? "" : $"must be one of: {string.Join(", ", Values.Keys)}.";
            text ??= "";
        }
        else
        {
            problem = Problem(value, allowsInsecure);
            text = problem.Length > 0 ? "" : Kind is VariableKind.DnsLabel or VariableKind.Host ? value.ToLowerInvariant() : value;
        }

        return problem.Length == 0;
    }

    private string Problem(string value, bool allowsInsecure) => Kind switch
    {
        VariableKind.DnsLabel when !IsDnsLabel(value) =>
            "must be one name of letters, digits and inner hyphens, at most 63 characters, without dots or slashes.",
        VariableKind.PathSegment when !IsPathSegment(value) =>
            "must be letters, digits, dots, dashes or underscores, beginning with a letter or digit, at most 128 characters.",
        VariableKind.Host when !IsHost(value) => "must be a host name such as gitlab.example.com, without https:// and path.",
        VariableKind.Url when !UrlTemplate.TryAbsolute(value, allowsInsecure, out _) =>
            "must be a complete https:// address without user information and fragment.",
        _ => "",
    };

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern { get; }

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DnsLabelPattern { get; }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathSegmentPattern { get; }

    [GeneratedRegex(
        @"\A(?<name>[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)(:(?<port>[0-9]{1,5}))?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex HostPattern { get; }
}
