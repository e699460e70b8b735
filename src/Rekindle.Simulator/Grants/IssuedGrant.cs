namespace Rekindle.Simulator.Grants;

/// <summary>A grant and its token set, handed to whoever seeds a test or an import.</summary>
public sealed record IssuedGrant
{
    /// <summary>The simulator's name of the grant.</summary>
    public required string GrantId { get; init; }

    /// <summary>Whose it is.</summary>
    public required string Subject { get; init; }

    /// <summary>The client it was granted to.</summary>
    public required string ClientId { get; init; }

    /// <summary>What was granted.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The access token.</summary>
    public required string AccessToken { get; init; }

    /// <summary>When it expires; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The refresh token; null where the server has none.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Names the grant, never its tokens.</summary>
    public override string ToString() => $"IssuedGrant {GrantId} of {Subject}";
}
