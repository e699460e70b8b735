namespace Rekindle.Drills.Outage;

/// <summary>Lets simulated time pass, and has the callers ask now and then.</summary>
internal sealed class OutageClock(OutageEngine engine, OutageCaller[] callers, CancellationToken stop)
{
    private DateTimeOffset _askAt;

    /// <summary>Until then; the callers ask once in a while.</summary>
    public async Task ToAsync(DateTimeOffset end, TimeSpan askEvery)
    {
        while (engine.Clock.Now < end)
        {
            if (engine.Clock.Now >= _askAt)
            {
                await Task.WhenAll(callers.Select(c => c.AskAsync()));
                _askAt = engine.Clock.Now + askEvery;
            }

            await engine.PassAsync(end < _askAt ? end : _askAt, stop);
        }
    }
}
