using Rekindle.Notifications;
using Rekindle.Providers;

namespace Rekindle.Storage;

/// <summary>The operator's OAuth clients. Few rows, read whole and cached.</summary>
public interface IIntegrationStore
{
    /// <summary>All integrations of all environments.</summary>
    Task<IReadOnlyList<Integration>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Creates one; null when the key is taken.</summary>
    Task<Integration?> CreateAsync(Integration integration, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces credentials, scopes, variables, policy if <see cref="Integration.ConfigVersion"/> is still the stored one, and
    /// raises it; a misconfigured integration becomes due for a probe at once. Null when somebody changed it meanwhile.
    /// </summary>
    Task<Integration?> UpdateAsync(Integration integration, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a state, and opens and closes the integration's messages. Evidence (<see cref="IntegrationStateChange.ConfigVersion"/> is
    /// given) that was gathered under another configuration, or reaches a paused integration, changes nothing at all. True when this
    /// call changed the state or the number of probes: of several workers that find the same, one is told so.
    /// </summary>
    Task<bool> SetStateAsync(int id, IntegrationStateChange change, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Pauses it until then because the provider asked; only lengthens.</summary>
    Task ThrottleAsync(int id, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Deletes it; false when connections still belong to it.</summary>
    Task<bool> DeleteAsync(int id, CancellationToken cancellationToken);
}

/// <summary>A change of an integration's state.</summary>
public sealed record IntegrationStateChange
{
    /// <summary>The version that the evidence was gathered under; null: an operator's order, whatever the version.</summary>
    public int? ConfigVersion { get; init; }

    /// <summary>The state this follows from; where another one stands by now, nothing is changed. Null: whatever the state.</summary>
    public IntegrationState? From { get; init; }

    /// <summary>The probes this follows from; likewise.</summary>
    public int? FromProbes { get; init; }

    /// <summary>State to take.</summary>
    public required IntegrationState State { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>When to probe next; null: not at all.</summary>
    public DateTimeOffset? NextProbeAt { get; init; }

    /// <summary>Probes so far.</summary>
    public int Probes { get; init; }

    /// <summary>Message to open for the operator.</summary>
    public NotificationDraft? Opens { get; init; }

    /// <summary>Whether the integration's open messages close.</summary>
    public bool ClosesNotifications { get; init; }
}
