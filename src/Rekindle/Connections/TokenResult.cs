namespace Rekindle.Connections;

/// <summary>A token, or why there is none. Failures of providers and people are results, not exceptions.</summary>
public readonly struct TokenResult
{
    private TokenResult(AccessToken? token, TokenError? error, TokenWarnings warnings)
    {
        Token = token;
        Error = error;
        Warnings = warnings;
    }

    /// <summary>The token; null when there is an error.</summary>
    public AccessToken? Token { get; }

    /// <summary>Why there is none; null when there is a token.</summary>
    public TokenError? Error { get; }

    /// <summary>What the caller should know about the token.</summary>
    public TokenWarnings Warnings { get; }

    internal static TokenResult Of(AccessToken token, TokenWarnings warnings = TokenWarnings.None) => new(token, null, warnings);

    internal static TokenResult Of(TokenError error) => new(null, error, TokenWarnings.None);
}

/// <summary>What a caller should know about a token that was handed out.</summary>
[Flags]
public enum TokenWarnings
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It is valid for less time than is usually guaranteed.</summary>
    MinValidNotMet = 1,

    /// <summary>The connection needs its user: this token serves until it ends.</summary>
    NeedsReauthorization = 2,

    /// <summary>Served from memory while the database is away.</summary>
    Stale = 4,
}
