using Rekindle.Connections;
using Rekindle.Journal;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>What has to be asked of an integration before anything is sent for one of its connections, budgets apart.</summary>
internal sealed class SendGate(IntegrationGuard guard, ResultJournal journal)
{
    /// <summary>
    /// Why a token that a refresh may use up is not sent now: what it brings could not be kept (F4), or a successor of it may be known to
    /// somebody who has not told the database yet. Null: it may be, or is not of that kind.
    /// </summary>
    /// <param name="entry">Integration.</param>
    /// <param name="standing">The timeline that the claim will name, read before.</param>
    public TokenError? Refusal(IntegrationEntry entry, TimelineStanding standing)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(standing);
        return entry.Provider?.Lifecycle.UsesUpRefreshTokens == false ? null
            : !journal.CanKeep ? TokenErrors.JournalUnavailable()
            : !standing.IsSettled ? TokenErrors.FailingOver()
            : null;
    }

    /// <summary>False: the integration is halted, and somebody else has taken the probe that was due.</summary>
    public async Task<bool> EnterAsync(IntegrationEntry entry, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return !entry.MayProbe(now) || await guard.TakeProbeAsync(entry.Integration).ConfigureAwait(false);
    }
}
