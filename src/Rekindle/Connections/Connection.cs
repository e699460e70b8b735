using System.Globalization;
using Rekindle.Encryption;
using Rekindle.Refresh;

namespace Rekindle.Connections;

/// <summary>One user's grant under an integration: identity, status and counters. Its tokens stand in <see cref="TokenSet"/>.</summary>
public sealed record Connection
{
    /// <summary>Its id.</summary>
    public required ConnectionId Id { get; init; }

    /// <summary>What makes it unique.</summary>
    public required ConnectionKey Key { get; init; }

    /// <summary>Row of the integration.</summary>
    public required int IntegrationId { get; init; }

    /// <summary>Where it stands.</summary>
    public ConnectionStatus Status { get; init; } = ConnectionStatus.Active;

    /// <summary>The account's id at the provider, pinned at the first connection; null: not known.</summary>
    public string? ProviderAccountId { get; init; }

    /// <summary>A name for people of that account (an address, a login).</summary>
    public string? ProviderAccountName { get; init; }

    /// <summary>Free text of the operator's, shown beside the connection.</summary>
    public string? Label { get; init; }

    /// <summary>The operator's own values; never interpreted.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = Empty;

    /// <summary>Values of the provider's URL variables (shop, region, instance URL).</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Empty;

    /// <summary>Auth failures in a row.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>Transient failures in a row.</summary>
    public int ConsecutiveTransientFailures { get; init; }

    /// <summary>Ambiguous auth failures that counted as strikes (C2).</summary>
    public int Strikes { get; init; }

    /// <summary>When the current run of strikes began.</summary>
    public DateTimeOffset? FirstStrikeAt { get; init; }

    /// <summary>When the last strike was counted.</summary>
    public DateTimeOffset? LastStrikeAt { get; init; }

    /// <summary>When back-off ends; null: none.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }

    /// <summary>Class, code and bounded text of the last failure; null after a success.</summary>
    public string? LastRefreshError { get; init; }

    /// <summary>When the last failure happened.</summary>
    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Why it needs its user or ended.</summary>
    public DisconnectReason? DisconnectReason { get; init; }

    /// <summary>Since when it has had no valid token.</summary>
    public DateTimeOffset? DegradedAt { get; init; }

    /// <summary>The simulated failure that the fields above show; null: they are true.</summary>
    public Simulation? Simulation { get; init; }

    /// <summary>When its token set was last refreshed.</summary>
    public DateTimeOffset? LastRefreshedAt { get; init; }

    /// <summary>When a caller last asked for its token, to the hour.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When anything about it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>As it is without a simulation.</summary>
    /// <param name="tokens">Its tokens as they stand.</param>
    public Connection WithoutSimulation(TokenSet? tokens) => Simulation is { } simulation ? simulation.Hidden.Restore(this, tokens) : this;

    /// <summary>What a token of this connection is bound to.</summary>
    public SealContext SealContext(SecretKind kind, int grantNo) => SealContextOf(Key.Environment, Id, kind, grantNo);

    /// <summary>What a token of a connection is bound to.</summary>
    public static SealContext SealContextOf(string environment, ConnectionId id, SecretKind kind, int grantNo) =>
        new(environment, OwnerOf(id), kind, grantNo);

    /// <summary>The owner of this connection's secrets, as <see cref="SealContext"/> names it.</summary>
    internal string SealOwner => OwnerOf(Id);

    private static string OwnerOf(ConnectionId id) => id.Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The empty map.</summary>
    public static IReadOnlyDictionary<string, string> Empty { get; } = new Dictionary<string, string>();
}
