using System.Globalization;
using Rekindle.Simulator.Faults;

namespace Rekindle.Drills.Outage;

/// <summary>The table, written row by row while the drill runs.</summary>
internal sealed class OutageTable(OutageEngine engine, OutageWatch watch, OutageCaller[] callers, TextWriter output)
{
    private ActiveFault? _capacity;
    private long _refreshed;
    private long _sent;
    private int _throttled;
    private (int Answers, int Accepted) _asked;

    /// <summary>Sums since the provider's capacity changed last.</summary>
    public OutageTotal Total { get; private set; } = new(0, 0, 0);

    /// <summary>Part of the callers' answers that was an accepted token, in the last row.</summary>
    public double LastShare { get; private set; }

    public static string Label(TimeSpan sinceBack) => string.Create(CultureInfo.InvariantCulture, $"back {(int)sinceBack.TotalMinutes}:{sinceBack.Seconds:00}");

    /// <summary>The provider's capacity from now on.</summary>
    public void Begin(ActiveFault capacity)
    {
        if (_capacity is null)
        {
            output.WriteLine();
            output.WriteLine("until          due  refreshed  degraded   other    sent    429s  callers served");
        }

        (_capacity, _throttled, Total) = (capacity, 0, new(0, 0, 0));
    }

    public async Task AddAsync(string label)
    {
        var statuses = await watch.StatusesAsync();
        var (refreshed, sent, throttled) = (await watch.RefreshesAsync(), engine.Simulator.History.Newest, _capacity!.Hits);
        var row = new OutageTotal(refreshed - _refreshed, sent - _sent, throttled - _throttled);
        (_refreshed, _sent, _throttled) = (refreshed, sent, throttled);
        Total = new(Total.Refreshed + row.Refreshed, Total.Sent + row.Sent, Total.Throttled + row.Throttled);

        var asked = (Answers: callers.Sum(c => c.Record.Answers), Accepted: callers.Sum(c => c.Record.Accepted));
        LastShare = asked.Answers == _asked.Answers ? 0 : (double)(asked.Accepted - _asked.Accepted) / (asked.Answers - _asked.Answers);
        _asked = asked;
        var other = statuses.Where(s => s.Key is not ("active" or "degraded")).Sum(s => s.Value);
        var due = await watch.DueAsync();
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{label,-11}{due,7}{row.Refreshed,11}{statuses.GetValueOrDefault("degraded"),10}{other,8}{row.Sent,8}{row.Throttled,8}{100 * LastShare,15:0.0}%"));
    }
}

/// <summary>What happened in a time.</summary>
/// <param name="Refreshed">Refreshes that were stored.</param>
/// <param name="Sent">Requests that reached the provider's address.</param>
/// <param name="Throttled">Those of them that it answered with 429.</param>
internal sealed record OutageTotal(long Refreshed, long Sent, int Throttled);
