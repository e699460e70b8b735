namespace Rekindle.Simulator.Personalities;

/// <summary>What a refresh does to refresh tokens, and what presenting a used one does.</summary>
public sealed record RefreshTokenRules
{
    /// <summary>A new refresh token comes with every n-th refresh: 0 never (default), 1 always.</summary>
    public int RotateEvery { get; init; }

    /// <summary>What becomes of a refresh token that has a successor.</summary>
    public Superseded Superseded { get; init; } = Superseded.Dies;

    /// <summary>
    /// For <see cref="Superseded.Grace"/> how long it stays usable after its first use; for
    /// <see cref="Superseded.UntilSuccessorUsed"/> at most how long (zero: no bound).
    /// </summary>
    public TimeSpan Grace { get; init; }

    /// <summary>Whether a repetition inside the rule brings the same successor again; else a further one.</summary>
    public bool RepeatsSuccessor { get; init; }

    /// <summary>Whether a repetition outside the rule is taken for theft and ends the whole grant.</summary>
    public bool ReuseEndsGrant { get; init; }

    /// <summary>Whether a refresh ends the earlier access tokens at once.</summary>
    public bool KillsAccessTokens { get; init; }

    /// <summary>The grant ends when not refreshed for this long; null: never.</summary>
    public TimeSpan? Inactivity { get; init; }

    /// <summary>The grant ends this long after the consent whatever happens; null: never.</summary>
    public TimeSpan? Absolute { get; init; }
}

/// <summary>What becomes of a refresh token that has a successor.</summary>
public enum Superseded
{
    /// <summary>It is dead at once.</summary>
    Dies,

    /// <summary>It stays usable for a while after its first use.</summary>
    Grace,

    /// <summary>It stays usable until a successor is first used.</summary>
    UntilSuccessorUsed,

    /// <summary>It stays usable as long as the grant lives.</summary>
    StaysValid,
}
