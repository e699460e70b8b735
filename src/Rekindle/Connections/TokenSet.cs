using Rekindle.Encryption;
using Rekindle.Refresh;

namespace Rekindle.Connections;

/// <summary>
/// The stored token material of a connection: sealed, with the expiry and where it came from. <see cref="GrantNo"/>
/// counts consents, <see cref="Version"/> every change of material; together they are the parent that a refresh result
/// must name (I5).
/// </summary>
public sealed record TokenSet
{
    /// <summary>Which consent this is, from 1.</summary>
    public required int GrantNo { get; init; }

    /// <summary>Raised with every change of material, over all grants.</summary>
    public required int Version { get; init; }

    /// <summary>The access token.</summary>
    public required SealedSecret AccessToken { get; init; }

    /// <summary>The refresh token; null: there is none.</summary>
    public SealedSecret? RefreshToken { get; init; }

    /// <summary>
    /// The one before, kept until the current one has worked once (I8). While <see cref="Fallback"/> is <see cref="Fallback.InUse"/> the two
    /// have changed places: then this is the successor that was refused.
    /// </summary>
    public SealedSecret? PreviousRefreshToken { get; init; }

    /// <summary>When the older of the two was first sent: the start of a grace period.</summary>
    public DateTimeOffset? PreviousSentAt { get; init; }

    /// <summary>What became of falling back on the previous refresh token; null: it was not called for.</summary>
    public Fallback? Fallback { get; init; }

    /// <summary>When the request that brought this access token was sent: expiry counts from here (I12).</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>When the access token ends; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Where <see cref="ExpiresAt"/> came from (B3).</summary>
    public ExpirySource ExpirySource { get; init; }

    /// <summary>When the refresh token ends, if the provider said so.</summary>
    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    /// <summary>When the user consented to this grant.</summary>
    public DateTimeOffset GrantedAt { get; init; }

    /// <summary>Scopes as granted; empty: not stated.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary><c>Bearer</c>, or what the provider said.</summary>
    public string TokenType { get; init; } = "Bearer";

    /// <summary>Client id the grant belongs to: a refresh under another is refused by the provider (F52).</summary>
    public string ClientId { get; init; } = "";

    /// <summary>The access token's whole life; null: it does not end.</summary>
    public TimeSpan? Lifetime => ExpiresAt - IssuedAt;
}

/// <summary>What became of a refresh token that was put back because its successor was refused at its first use (I8).</summary>
public enum Fallback
{
    /// <summary>It is the refresh token again, for as long as the provider's reuse rule lets it be sent.</summary>
    InUse,

    /// <summary>It was of no use either: its successor is back in its place, and that is not tried a second time.</summary>
    Spent,
}
