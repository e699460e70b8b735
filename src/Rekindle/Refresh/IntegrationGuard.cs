using Microsoft.Extensions.Logging;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// Application faults change the integration, never a connection (I10, F2): halts it on evidence, probes it, opens it
/// again when a provider has accepted our client.
/// </summary>
internal sealed class IntegrationGuard(
    IIntegrationStore store, IntegrationDirectory directory, IntegrationEvidence evidence, RefreshClock clock, ILogger<IntegrationGuard> logger)
{
    /// <summary>Notes an answer and acts on it. True when the integration, and not the connection, is to blame.</summary>
    public async Task<bool> NoteAsync(RefreshRun run, Classified result)
    {
        ArgumentNullException.ThrowIfNull(run);
        var integration = run.Entry.Integration;
        var blames = evidence.Note(integration.Id, integration.ConfigVersion, run.Claim.Connection.Id, result);
        if (result.Class is RefreshClass.ClientMisconfigured or RefreshClass.RequestRejected or RefreshClass.ClientCredentialsMissing)
        {
            if (blames)
            {
                await HaltAsync(run, result).ConfigureAwait(false);
            }

            return blames;
        }

        if (integration.State == IntegrationState.Misconfigured)
        {
            await AfterProbeAsync(run, result).ConfigureAwait(false);
        }
        else if (blames)
        {
            await ReportUnclassifiedAsync(run, result).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>A code was exchanged: the provider accepts our client, whatever was thought of it before.</summary>
    public async Task NoteAcceptedAsync(Integration integration)
    {
        ArgumentNullException.ThrowIfNull(integration);
        if (integration.State == IntegrationState.Misconfigured)
        {
            await OpenAsync(integration).ConfigureAwait(false);
        }
    }

    /// <summary>Pauses the integration because its provider asked.</summary>
    public async Task ThrottleAsync(Integration integration, DateTimeOffset until)
    {
        ArgumentNullException.ThrowIfNull(integration);
        await store.ThrottleAsync(integration.Id, until, CancellationToken.None).ConfigureAwait(false);
        await directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        logger.IntegrationThrottled(integration.Environment, integration.Key, until);
    }

    private async Task HaltAsync(RefreshRun run, Classified result)
    {
        var integration = run.Entry.Integration;
        var probes = integration.State == IntegrationState.Misconfigured ? integration.Probes + 1 : 0;
        var evidenceText = $"{result.ErrorCode ?? Names.Of(result.Class)}{(result.Message is { } text ? $" ({text})" : "")}.";
        var changed = await store.SetStateAsync(
            integration.Id,
            new IntegrationStateChange
            {
                ConfigVersion = integration.ConfigVersion,
                State = IntegrationState.Misconfigured,
                Reason = evidenceText,
                NextProbeAt = clock.Now + ProbeDelay(probes),
                Probes = probes,
                Opens = probes == 0 ? Messages.Misconfigured(integration.Key, run.Provider.DisplayName, evidenceText) : null,
            },
            clock.Now,
            CancellationToken.None).ConfigureAwait(false);
        await directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        if (changed && probes == 0)
        {
            logger.IntegrationMisconfigured(integration.Environment, integration.Key, evidenceText);
        }
    }

    private async Task AfterProbeAsync(RefreshRun run, Classified result)
    {
        var integration = run.Entry.Integration;

        // Trouble on the way says nothing about our client: probe again. Everything else got past client authentication.
        var accepted = result.Class is not (RefreshClass.Network or RefreshClass.ProviderUnavailable or RefreshClass.RateLimited
            or RefreshClass.OutcomeUnknown or RefreshClass.DecryptFailed or RefreshClass.NoRefreshToken or RefreshClass.Unclassified);
        if (accepted)
        {
            await OpenAsync(integration).ConfigureAwait(false);
            return;
        }

        var change = new IntegrationStateChange
        {
            ConfigVersion = integration.ConfigVersion,
            State = IntegrationState.Misconfigured,
            Reason = integration.StateReason,
            Probes = integration.Probes + 1,
            NextProbeAt = clock.Now + ProbeDelay(integration.Probes + 1),
        };
        await store.SetStateAsync(integration.Id, change, clock.Now, CancellationToken.None).ConfigureAwait(false);
        await directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private async Task OpenAsync(Integration integration)
    {
        var change = new IntegrationStateChange { ConfigVersion = integration.ConfigVersion, State = IntegrationState.Active, ClosesNotifications = true };
        var changed = await store.SetStateAsync(integration.Id, change, clock.Now, CancellationToken.None).ConfigureAwait(false);
        await directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        if (changed)
        {
            logger.IntegrationRecovered(integration.Environment, integration.Key);
        }
    }

    private async Task ReportUnclassifiedAsync(RefreshRun run, Classified result)
    {
        var integration = run.Entry.Integration;
        await store.SetStateAsync(
            integration.Id,
            new IntegrationStateChange
            {
                ConfigVersion = integration.ConfigVersion,
                State = integration.State,
                Reason = integration.StateReason,
                Opens = Messages.Unclassified(integration.Key, run.Provider.DisplayName, $"{result.Message}."),
            },
            clock.Now,
            CancellationToken.None).ConfigureAwait(false);
    }

    private TimeSpan ProbeDelay(int probes)
    {
        var delay = clock.Options.ProbeBase * Math.Pow(2, Math.Min(probes, 20));
        return delay < clock.Options.ProbeCeiling ? delay : clock.Options.ProbeCeiling;
    }
}
