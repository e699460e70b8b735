namespace Rekindle.Simulator.Grants;

/// <summary>What the server knows about one grant at a moment.</summary>
public sealed record GrantSnapshot
{
    /// <summary>The simulator's name of the grant.</summary>
    public required string Id { get; init; }

    /// <summary>Whose it is.</summary>
    public required string Subject { get; init; }

    /// <summary>The client it was granted to.</summary>
    public required string ClientId { get; init; }

    /// <summary>What is granted.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When the user consented.</summary>
    public required DateTimeOffset ConsentedAt { get; init; }

    /// <summary>When it was last refreshed; null: never.</summary>
    public DateTimeOffset? LastRefreshedAt { get; init; }

    /// <summary>How often it was refreshed with success.</summary>
    public required int Refreshes { get; init; }

    /// <summary>Number of the newest refresh token: 1 for the first.</summary>
    public required int Generation { get; init; }

    /// <summary>How often a used refresh token was presented outside the rule.</summary>
    public required int Reuses { get; init; }

    /// <summary>Access tokens that are valid now.</summary>
    public required int LiveAccessTokens { get; init; }

    /// <summary>Why it ended; null: it lives.</summary>
    public GrantEnd? End { get; init; }
}
