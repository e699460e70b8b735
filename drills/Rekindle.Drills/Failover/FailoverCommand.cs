using System.CommandLine;

namespace Rekindle.Drills.Failover;

/// <summary><c>./drill failover</c>.</summary>
internal sealed class FailoverCommand : Command
{
    private readonly Option<bool> _quick = new("--quick") { Description = "Fewer connections and a shorter tail." };
    private readonly Option<int?> _connections = new("--connections") { Description = "How many connections; default 400, quick 60." };
    private readonly Option<int?> _tail = new("--tail") { Description = "Seconds before the primary's death of which the replica hears nothing; default 15, quick 4." };

    public FailoverCommand()
        : base("failover", "Kills a PostgreSQL primary by signal 9 under load and promotes a replica that never heard of its last commits.")
    {
        Add(_quick);
        Add(_connections);
        Add(_tail);
        SetAction((parsed, _) =>
        {
            var quick = parsed.GetValue(_quick);
            var size = new FailoverSize(
                Math.Max(1, parsed.GetValue(_connections) ?? (quick ? 60 : 400)),
                TimeSpan.FromSeconds(Math.Max(1, parsed.GetValue(_tail) ?? (quick ? 4 : 15))),
                Callers: quick ? 10 : 40,
                Workers: quick ? 2 : 3,
                AtOnce: quick);
            return new FailoverDrill(size, Console.Out).RunAsync();
        });
    }
}

/// <summary>How large the drill is.</summary>
/// <param name="Connections">Connections.</param>
/// <param name="Tail">How much the replica never hears of.</param>
/// <param name="Callers">Connections whose callers are watched.</param>
/// <param name="Workers">Processes with a worker, beside the one that serves the API.</param>
/// <param name="AtOnce">Whether both failovers take place at the same time.</param>
internal sealed record FailoverSize(int Connections, TimeSpan Tail, int Callers, int Workers, bool AtOnce);
