namespace Rekindle.Connect;

/// <summary>
/// What was asked for and not granted (E5). Providers write the scopes they granted in their own way, so the comparison is
/// generous: better a gap unseen here, which an API's refusal shows later, than a person sent round in circles.
/// </summary>
internal static class GrantedScopes
{
    /// <summary>Scopes that steer the sign-in itself. Many answers leave them out; what they bring is looked for by itself.</summary>
    private static readonly HashSet<string> OfTheSignIn = new(StringComparer.OrdinalIgnoreCase)
    {
        "openid", "profile", "email", "address", "phone", "offline", "offline_access", "offline.access", "refresh_token",
    };

    public static IReadOnlyList<string> Missing(IReadOnlyList<string> asked, IReadOnlyList<string>? granted) =>
        granted is null or [] ? [] : [.. asked.Where(scope => !OfTheSignIn.Contains(scope) && !granted.Any(given => Covers(given, scope)))];

    /// <summary>
    /// Whether a grant has all that a purpose needs (A10). Stricter than <see cref="Missing"/>: a token that lacks something must not be
    /// handed out for it, and a grant whose scopes are not known covers nothing.
    /// </summary>
    public static bool Suffice(IReadOnlyList<string> granted, IReadOnlyList<string> needed) =>
        granted.Count > 0 && needed.Any(scope => !OfTheSignIn.Contains(scope))
        && needed.All(scope => OfTheSignIn.Contains(scope) || granted.Any(given => IsSame(given, scope)));

    private static bool Covers(string granted, string asked) => IsSame(granted, asked) || IsWider(granted, asked);

    private static bool IsSame(string granted, string asked) =>
        granted.Equals(asked, StringComparison.OrdinalIgnoreCase)
        || IsSamePermission(granted, asked) || IsSamePermission(asked, granted);

    /// <summary>Entra: <c>Mail.Read</c> and <c>https://graph.microsoft.com/Mail.Read</c> are the same.</summary>
    private static bool IsSamePermission(string full, string name) =>
        full.Contains("://", StringComparison.Ordinal) && full.EndsWith("/" + name, StringComparison.OrdinalIgnoreCase);

    /// <summary>GitHub: <c>repo</c> stands for <c>repo:status</c> too, and the answer names only the wider one.</summary>
    private static bool IsWider(string granted, string asked) =>
        asked.Length > granted.Length && asked.StartsWith(granted, StringComparison.OrdinalIgnoreCase) && asked[granted.Length] is ':' or '/';
}
