using System.CommandLine;

namespace Rekindle.Drills.Outage;

/// <summary><c>./drill outage</c>.</summary>
internal sealed class OutageCommand : Command
{
    private readonly Option<bool> _quick = new("--quick") { Description = "2,000 connections, and a provider that lets them catch up sooner." };
    private readonly Option<int?> _connections = new("--connections") { Description = "How many connections; default 100000, quick 2000." };
    private readonly Option<string> _store = new Option<string>("--store") { Description = "sqlite (default) or postgres.", DefaultValueFactory = _ => "sqlite" }
        .AcceptOnlyFromAmong("sqlite", "postgres");

    public OutageCommand()
        : base("outage", "Takes the provider away for six simulated hours and brings it back with a tenth of its capacity.")
    {
        Add(_quick);
        Add(_connections);
        Add(_store);
        SetAction((parsed, cancelled) =>
        {
            var quick = parsed.GetValue(_quick);
            var size = OutageSize.Of(Math.Max(500, parsed.GetValue(_connections) ?? (quick ? 2_000 : 100_000)), quick);
            var store = parsed.GetValue(_store) == "sqlite" ? DrillStore.Sqlite : DrillStore.Postgres;
            return new OutageDrill(size, store, Console.Out).RunAsync(cancelled);
        });
    }
}

/// <summary>How large the drill is.</summary>
/// <param name="Connections">Connections, with tokens that live an hour.</param>
/// <param name="Capacity">Refreshes a second that the provider takes when it is back; ten times as many before.</param>
/// <param name="Callers">Connections whose callers are watched.</param>
/// <param name="ReportEvery">Length of a row of the table once the provider is back.</param>
internal sealed record OutageSize(int Connections, int Capacity, int Callers, TimeSpan ReportEvery)
{
    /// <summary>How long the provider is away.</summary>
    public static readonly TimeSpan Away = TimeSpan.FromHours(6);

    /// <summary>What no client can better: everybody once, as fast as the provider takes it.</summary>
    public TimeSpan Ideal => TimeSpan.FromSeconds((double)Connections / Capacity);

    public static OutageSize Of(int connections, bool quick)
    {
        // A fleet of hourly tokens wants 2.5 refreshes a second per 6,000. A tenth of the capacity is more than twice that, or nobody
        // could ever catch up.
        var capacity = Math.Max(1, connections / (quick ? 200 : 1000));
        return new(connections, capacity, Math.Min(quick ? 40 : 200, connections / 10), TimeSpan.FromMinutes(quick ? 1 : 5));
    }
}
