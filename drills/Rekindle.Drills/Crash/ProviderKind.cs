using Rekindle.Simulator.Personalities;

namespace Rekindle.Drills.Crash;

/// <summary>A kind of provider, told apart by what presenting a used refresh token does there.</summary>
/// <param name="Name">Name on the command line and in the table.</param>
/// <param name="Rules">Its rule.</param>
internal sealed record ProviderKind(string Name, RefreshTokenRules Rules)
{
    /// <summary>Of every token: long enough that the death of a server finds one still valid, short enough to watch.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromSeconds(8);

    private static readonly RefreshTokenRules SingleUse = new() { RotateEvery = 1 };

    public static IReadOnlyList<ProviderKind> All { get; } =
    [
        new("non-rotating", new RefreshTokenRules()),
        new("rotating", SingleUse),
        new("grace", SingleUse with { Superseded = Superseded.Grace, Grace = TimeSpan.FromMinutes(1), ReuseEndsGrant = true }),
        new("until-used", SingleUse with { Superseded = Superseded.UntilSuccessorUsed, Grace = TimeSpan.FromDays(30), ReuseEndsGrant = true }),
        new("revoking", SingleUse with { ReuseEndsGrant = true }),
    ];

    /// <summary>A used refresh token is worth nothing there: an answer that nobody wrote down is lost.</summary>
    public bool NeverRepeats => Rules is { RotateEvery: 1, Superseded: Superseded.Dies };

    public Personality Personality => new() { AccessTokenLifetime = TokenLifetime, RefreshTokens = Rules };
}
