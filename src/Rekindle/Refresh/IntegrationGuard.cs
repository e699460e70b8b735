using Microsoft.Extensions.Logging;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// Application faults and outages change the integration, never a connection (I10, F2): halts it on evidence, probes it, opens it
/// again when the provider has accepted our client, or has answered at all.
/// </summary>
internal sealed class IntegrationGuard(
    IIntegrationStore store, IntegrationDirectory directory, IntegrationEvidence evidence, RefreshClock clock, ILogger<IntegrationGuard> logger)
{
    /// <summary>Notes an answer and acts on it. True when the integration, and not the connection, is to blame.</summary>
    public async Task<bool> NoteAsync(RefreshRun run, Classified result)
    {
        ArgumentNullException.ThrowIfNull(run);
        var integration = Present(run);
        var blames = evidence.Note(integration.Id, integration.ConfigVersion, run.Claim.Connection.Id, result);
        if (result.Class is RefreshClass.ClientMisconfigured or RefreshClass.RequestRejected or RefreshClass.ClientCredentialsMissing)
        {
            if (blames)
            {
                await HaltAsync(integration, run, result).ConfigureAwait(false);
            }

            return blames;
        }

        if (integration.State == IntegrationState.Misconfigured)
        {
            if (IsAccepted(result.Class))
            {
                await OpenAsync(integration).ConfigureAwait(false);
            }
        }
        else if (IsUnavailable(result.Class))
        {
            return integration.State == IntegrationState.Unavailable || (blames && await BreakAsync(integration, run, result).ConfigureAwait(false));
        }
        else if (integration.State == IntegrationState.Unavailable)
        {
            // Whatever it said: it answers again.
            await OpenAsync(integration).ConfigureAwait(false);
        }
        else if (blames)
        {
            await ReportUnclassifiedAsync(integration, run, result).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>
    /// Takes the one probe that a halted integration has until the next is due: of several workers and callers one is told so,
    /// before it sends anything.
    /// </summary>
    public async Task<bool> TakeProbeAsync(Integration integration)
    {
        ArgumentNullException.ThrowIfNull(integration);
        var probes = integration.Probes + 1;
        var delay = integration.State == IntegrationState.Unavailable
            ? Doubled(clock.Options.BreakerBase, clock.Options.BreakerCeiling, probes)
            : Doubled(clock.Options.ProbeBase, clock.Options.ProbeCeiling, probes);
        var change = new IntegrationStateChange
        {
            ConfigVersion = integration.ConfigVersion,
            From = integration.State,
            FromProbes = integration.Probes,
            State = integration.State,
            Reason = integration.StateReason,
            Probes = probes,
            NextProbeAt = clock.Now + delay,
        };
        var taken = await store.SetStateAsync(integration.Id, change, clock.Now, CancellationToken.None).ConfigureAwait(false);
        await directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        return taken;
    }

    /// <summary>A code was exchanged: the provider accepts our client, whatever was thought of it before.</summary>
    public async Task NoteAcceptedAsync(Integration integration)
    {
        ArgumentNullException.ThrowIfNull(integration);
        if (integration.State is IntegrationState.Misconfigured or IntegrationState.Unavailable)
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

    // The state as it is by now: others of the same moment find the same, and an answer that took its time speaks to what
    // stands. The configuration as it was sent: evidence about another one does not count.
    private Integration Present(RefreshRun run)
    {
        var sent = run.Entry.Integration;
        return (directory.TryFind(sent.Id)?.Integration ?? sent) with { ConfigVersion = sent.ConfigVersion };
    }

    private async Task HaltAsync(Integration integration, RefreshRun run, Classified result)
    {
        if (integration.State == IntegrationState.Misconfigured)
        {
            // Known already; when to look again was settled when this probe was taken.
            return;
        }

        var evidenceText = $"{result.ErrorCode ?? Names.Of(result.Class)}{(result.Message is { } text ? $" ({text})" : "")}.";
        var changed = await store.SetStateAsync(
            integration.Id,
            new IntegrationStateChange
            {
                ConfigVersion = integration.ConfigVersion,
                From = integration.State,
                State = IntegrationState.Misconfigured,
                Reason = evidenceText,
                NextProbeAt = clock.Now + clock.Options.ProbeBase,
                Opens = Messages.Misconfigured(integration.Key, run.Provider.DisplayName, evidenceText),
            },
            clock.Now,
            CancellationToken.None).ConfigureAwait(false);
        await directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        if (changed)
        {
            logger.IntegrationMisconfigured(integration.Environment, integration.Key, evidenceText);
        }
    }

    // The breaker (F92): opened by three connections without a success between. True: it is open, and the connection keeps its
    // place instead of climbing the ladder.
    private async Task<bool> BreakAsync(Integration integration, RefreshRun run, Classified result)
    {
        if (integration.State != IntegrationState.Active)
        {
            return false;
        }

        var change = new IntegrationStateChange
        {
            ConfigVersion = integration.ConfigVersion,
            From = IntegrationState.Active,
            State = IntegrationState.Unavailable,
            Reason = $"{Names.Of(result.Class)}{(result.Message is { } text ? $" ({text})" : "")}.",
            NextProbeAt = clock.Now + clock.Options.BreakerBase,
            Opens = Messages.Unavailable(run.Entry),
        };
        var changed = await store.SetStateAsync(integration.Id, change, clock.Now, CancellationToken.None).ConfigureAwait(false);
        await directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        if (changed)
        {
            logger.IntegrationUnavailable(integration.Environment, integration.Key, change.Reason);
        }

        return true;
    }

    private static bool IsUnavailable(RefreshClass @class) =>
        @class is RefreshClass.ProviderUnavailable or RefreshClass.Network or RefreshClass.OutcomeUnknown;

    // Trouble on the way says nothing about our client: probed again. Everything else got past client authentication.
    private static bool IsAccepted(RefreshClass @class) => !IsUnavailable(@class)
        && @class is not (RefreshClass.RateLimited or RefreshClass.DecryptFailed or RefreshClass.NoRefreshToken or RefreshClass.Unclassified);

    private async Task OpenAsync(Integration integration)
    {
        var change = new IntegrationStateChange
        {
            ConfigVersion = integration.ConfigVersion,
            From = integration.State,
            State = IntegrationState.Active,
            ClosesNotifications = true,
        };
        var changed = await store.SetStateAsync(integration.Id, change, clock.Now, CancellationToken.None).ConfigureAwait(false);
        await directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        if (changed)
        {
            logger.IntegrationRecovered(integration.Environment, integration.Key);
        }
    }

    private async Task ReportUnclassifiedAsync(Integration integration, RefreshRun run, Classified result)
    {
        await store.SetStateAsync(
            integration.Id,
            new IntegrationStateChange
            {
                ConfigVersion = integration.ConfigVersion,
                From = integration.State,
                State = integration.State,
                Reason = integration.StateReason,
                NextProbeAt = integration.NextProbeAt,
                Probes = integration.Probes,
                Opens = Messages.Unclassified(integration.Key, run.Provider.DisplayName, $"{result.Message}."),
            },
            clock.Now,
            CancellationToken.None).ConfigureAwait(false);
    }

    private static TimeSpan Doubled(TimeSpan first, TimeSpan ceiling, int times)
    {
        var delay = first * Math.Pow(2, Math.Min(times, 20));
        return delay < ceiling ? delay : ceiling;
    }
}
