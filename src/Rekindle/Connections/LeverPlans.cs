using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>What some levers have to know before they are pulled: when a refresh is wanted, and what a failure would do.</summary>
internal sealed class LeverPlans(IConnectionStore connections, IntegrationDirectory directory, GrantWriter grants, RefreshClock clock)
{
    /// <summary>When the expiry of its token wants a refresh; now, when that cannot be told.</summary>
    public async Task<DateTimeOffset> DueAtAsync(ConnectionId id, CancellationToken cancellationToken)
    {
        var snapshot = await connections.GetAsync(id, cancellationToken).ConfigureAwait(false);
        return snapshot?.Tokens is { } tokens
            && await directory.FindAsync(snapshot.Connection.IntegrationId, cancellationToken).ConfigureAwait(false) is { Provider: not null } entry
            && grants.DueAt(tokens, entry) is { } due
            ? due
            : clock.Now;
    }

    /// <summary>A simulation of this failure, or why there is none; neither: there is no such connection.</summary>
    public async Task<(LeverChange? Change, LeverRefusal? Refusal)> SimulateAsync(
        ConnectionId id, SimulatedFailure failure, CancellationToken cancellationToken)
    {
        if (await connections.GetAsync(id, cancellationToken).ConfigureAwait(false) is not { } snapshot)
        {
            return default;
        }

        if (snapshot.Connection.Key.Environment == SimulatedFailure.RefusedIn)
        {
            return (null, LeverRefusal.InProduction);
        }

        var entry = await directory.FindAsync(snapshot.Connection.IntegrationId, cancellationToken).ConfigureAwait(false);
        return entry is { Integration: var integration, Provider: { } provider }
            ? (new LeverChange.Simulate(failure, truth => FailureRehearsal.Play(failure, truth, integration, provider, clock)), null)
            : (null, LeverRefusal.ProviderUnknown);
    }
}
