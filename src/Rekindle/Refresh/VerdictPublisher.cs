using Microsoft.Extensions.Logging;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// The mass guard (F1): publishes verdicts that grants are over once their delay has passed, unless so many of an integration's
/// connections die at once that the provider, and not their users, is the likelier cause (F54).
/// <code>
///   dead verdict ─► held, nothing sent ─► 60 s ─► few ─────────────────────────► published
///                                             └► ≥ 10 and ≥ 20 % in 10 min ─► integration suspect, one notice
///   suspect: three held connections are tried every 10 min; one that is refreshed, or an operator, releases
///   released: each held connection is tried once; found dead again, it is published; otherwise it is active
/// </code>
/// While an integration is suspect its other connections are refreshed as ever: they are the ones that still can be.
/// Deaths of one tenant only, while other tenants' connections are well, are its own administrator's doing: published, as one message.
/// </summary>
internal sealed class VerdictPublisher(
    IVerdictStore verdicts, IIntegrationStore integrations, IntegrationDirectory directory, RefreshClock clock,
    ILogger<VerdictPublisher> logger)
{
    private const int MassConnections = 10;
    private const double MassShare = 0.20;
    private const int Samples = 3;
    private const int Batch = 256;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMinutes(10);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var tally in await verdicts.TallyAsync(clock.Now, Window, cancellationToken).ConfigureAwait(false))
        {
            if (await directory.FindAsync(tally.IntegrationId, cancellationToken).ConfigureAwait(false) is not { } entry)
            {
                continue;
            }

            if (entry.Integration.State == IntegrationState.Suspect)
            {
                await WatchAsync(entry.Integration, tally, cancellationToken).ConfigureAwait(false);
            }
            else if (tally.Due > 0)
            {
                await WeighAsync(entry, tally, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task WeighAsync(IntegrationEntry entry, VerdictTally tally, CancellationToken cancellationToken)
    {
        var integration = entry.Integration;
        var isMass = await IsMassAsync(integration, tally, cancellationToken).ConfigureAwait(false);
        if (!isMass || tally is { Tenant: not null, OthersLive: true })
        {
            var instead = isMass ? Messages.TenantDisconnected(entry, tally.Tenant!, tally.Due) : null;
            var published = await verdicts.PublishAsync(integration.Id, instead, clock.Now, Batch, cancellationToken).ConfigureAwait(false);
            logger.VerdictsPublished(integration.Environment, integration.Key, published);
            return;
        }

        if (integration.State != IntegrationState.Active)
        {
            // Paused or misconfigured: whoever ends that will see the verdicts weighed then.
            return;
        }

        var change = new IntegrationStateChange
        {
            ConfigVersion = integration.ConfigVersion,
            From = IntegrationState.Active,
            State = IntegrationState.Suspect,
            Reason = $"{tally.Recent} connections were refused as dead within {Window.TotalMinutes:0} minutes.",
            NextProbeAt = clock.Now + SampleInterval,
            Opens = Messages.Suspect(entry, tally.Recent),
        };
        if (await integrations.SetStateAsync(integration.Id, change, clock.Now, cancellationToken).ConfigureAwait(false))
        {
            logger.IntegrationSuspect(integration.Environment, integration.Key, tally.Recent);
        }

        await directory.ReloadAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsMassAsync(Integration integration, VerdictTally tally, CancellationToken cancellationToken)
    {
        if (tally.Recent < MassConnections)
        {
            return false;
        }

        // With so many refreshed beside them they are too few to be a mass; more need not be counted.
        var tooMany = (int)(tally.Recent * ((1 / MassShare) - 1)) + 1;
        return await verdicts.CountRefreshedAsync(integration.Id, clock.Now - Window, tooMany, cancellationToken).ConfigureAwait(false) < tooMany;
    }

    private async Task WatchAsync(Integration integration, VerdictTally tally, CancellationToken cancellationToken)
    {
        if (tally.SampleLives || tally.Held == 0)
        {
            var release = new IntegrationStateChange
            {
                ConfigVersion = integration.ConfigVersion,
                From = IntegrationState.Suspect,
                State = IntegrationState.Active,
                ClosesNotifications = true,
            };
            // First the verdicts: should this end in between, the next sweep finds the integration suspect still.
            var released = await verdicts.ReleaseAsync(integration.Id, clock.Now, cancellationToken).ConfigureAwait(false);
            await integrations.SetStateAsync(integration.Id, release, clock.Now, cancellationToken).ConfigureAwait(false);
            await directory.ReloadAsync(cancellationToken).ConfigureAwait(false);
            logger.VerdictsReleased(integration.Environment, integration.Key, released);
        }
        else if (integration.NextProbeAt <= clock.Now)
        {
            var again = new IntegrationStateChange
            {
                ConfigVersion = integration.ConfigVersion,
                From = IntegrationState.Suspect,
                FromProbes = integration.Probes,
                State = IntegrationState.Suspect,
                Reason = integration.StateReason,
                Probes = integration.Probes + 1,
                NextProbeAt = clock.Now + SampleInterval,
            };

            // Of several workers, the one whose change took effect lets the samples go.
            if (await integrations.SetStateAsync(integration.Id, again, clock.Now, cancellationToken).ConfigureAwait(false))
            {
                await verdicts.SampleAsync(integration.Id, Samples, clock.Now, cancellationToken).ConfigureAwait(false);
            }

            await directory.ReloadAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
