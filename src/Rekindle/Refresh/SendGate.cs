using Rekindle.Journal;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>What has to be asked of an integration before anything is sent for one of its connections, budgets apart.</summary>
internal sealed class SendGate(IntegrationGuard guard, ResultJournal journal)
{
    /// <summary>Whether what a refresh brings could be kept: a token that may be used up is not sent otherwise (F4).</summary>
    public bool CanKeepAnswersOf(IntegrationEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return journal.CanKeep || entry.Provider?.Lifecycle.UsesUpRefreshTokens == false;
    }

    /// <summary>False: the integration is halted, and somebody else has taken the probe that was due.</summary>
    public async Task<bool> EnterAsync(IntegrationEntry entry, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return !entry.MayProbe(now) || await guard.TakeProbeAsync(entry.Integration).ConfigureAwait(false);
    }
}
