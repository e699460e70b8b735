using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Grants;

/// <summary>The tokens one answer carries, by serial; <see cref="AuthorizationServer"/> turns them into values.</summary>
internal readonly record struct Issue(
    int AccessToken,
    DateTimeOffset IssuedAt,
    DateTimeOffset? ExpiresAt,
    int? RefreshToken,
    bool IsNewRefreshToken,
    DateTimeOffset? RefreshTokenExpiresAt,
    IReadOnlyList<string> Scopes);

/// <summary>What presenting a token led to: an issue or an error, and what the token was at that moment.</summary>
internal readonly record struct RefreshResult(PresentedToken Token, Issue? Issue, TokenError? Error)
{
    public static RefreshResult Refused(PresentedToken token, TokenError error) => new(token, null, error);
}
