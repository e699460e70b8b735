using System.Diagnostics;
using Npgsql;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;

namespace Rekindle.Drills.Chaos;

/// <summary>A fault that was done, and when.</summary>
internal sealed record Struck(ChaosFault Fault, DateTimeOffset From, DateTimeOffset To);

/// <summary>Does what the plan says.</summary>
internal sealed class FaultInjector(ChaosFleet fleet, SimulatorHost simulator, ChaosTimes times, TextWriter output) : IDisposable
{
    private static readonly TimeSpan[] Steps = [TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(-60), TimeSpan.FromSeconds(1), TimeSpan.FromHours(2)];

    private readonly SemaphoreSlim _database = new(1);
    private readonly Lock _gate = new();
    private readonly List<Struck> _struck = [];

    /// <summary>What was done. Faults that found nobody are not among it.</summary>
    public IReadOnlyList<Struck> Done
    {
        get
        {
            lock (_gate)
            {
                return [.. _struck];
            }
        }
    }

    public void Dispose() => _database.Dispose();

    /// <summary>Runs the plan to its end; every fault is over then.</summary>
    public async Task RunAsync(IReadOnlyList<ChaosFault> plan)
    {
        var clock = Stopwatch.StartNew();
        var under = new List<Task>();
        foreach (var fault in plan)
        {
            var wait = fault.At - clock.Elapsed;
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            under.Add(StrikeAsync(fault, clock));
        }

        await Task.WhenAll(under);
    }

    private async Task StrikeAsync(ChaosFault fault, Stopwatch clock)
    {
        var (from, at) = (DateTimeOffset.UtcNow, clock.Elapsed);
        if (!await DoAsync(fault))
        {
            return;
        }

        lock (_gate)
        {
            _struck.Add(new Struck(fault, from, DateTimeOffset.UtcNow));
            output.WriteLine($"  {at:mm\\:ss}  {ChaosReport.NameOf(fault.Kind),-20} {fault.Target,-14} {fault.Lasts.TotalSeconds:0.0} s");
        }
    }

    private async Task<bool> DoAsync(ChaosFault fault)
    {
        var seat = fleet.Seats.FirstOrDefault(s => s.Name == fault.Seat);
        switch (fault.Kind)
        {
            case ChaosFaultKind.Kill:
                return seat!.Kill(fault.Lasts);
            case ChaosFaultKind.Stop or ChaosFaultKind.Pause:
                return await seat!.StopAsync(fault.Lasts);
            case ChaosFaultKind.DatabaseFast or ChaosFaultKind.DatabaseImmediate or ChaosFaultKind.DatabaseKill or ChaosFaultKind.SessionKill:
                await StrikeDatabaseAsync(fault);
                return true;
            case ChaosFaultKind.Partition:
                seat!.Database.Refuses = true;
                seat.Database.Cut();
                await Task.Delay(fault.Lasts);
                seat.Database.Refuses = false;
                return true;
            case ChaosFaultKind.LostCommit:
                return await LoseAsync(seat!, fault, sql => sql.Contains("update token_sets", StringComparison.Ordinal));
            case ChaosFaultKind.LostClaim:
                return await LoseAsync(seat!, fault, sql => sql.Contains("set lease_until =", StringComparison.Ordinal) && !sql.Contains("update token_sets", StringComparison.Ordinal));
            case ChaosFaultKind.DiskFull:
                return await FillDiskAsync(seat!, fault);
            case ChaosFaultKind.ProviderLine:
                await seat!.BreakProviderLineAsync(fault.Lasts);
                return true;
            case ChaosFaultKind.Clock:
                fleet.Clock!.Set(Steps[fault.Variant % Steps.Length]);
                await Task.Delay(fault.Lasts);
                fleet.Clock.Set(TimeSpan.Zero);
                return true;
            default:
                return await StrikeProviderAsync(simulator.Servers[fault.Provider], fault);
        }
    }

    private async Task StrikeDatabaseAsync(ChaosFault fault)
    {
        await _database.WaitAsync();
        try
        {
            if (fault.Kind == ChaosFaultKind.SessionKill)
            {
                await fleet.Database.KillSessionAsync("rekindle");
            }
            else
            {
                await fleet.Database.StopAsync(fault.Kind switch
                {
                    ChaosFaultKind.DatabaseFast => "INT",
                    ChaosFaultKind.DatabaseImmediate => "QUIT",
                    _ => "KILL",
                });
                await Task.Delay(fault.Lasts);
            }

            await fleet.Database.StartAsync();
        }
        catch (NpgsqlException)
        {
            // It is recovering from the last one: nothing to kill there.
        }
        finally
        {
            _database.Release();
        }
    }

    // Until it happened, or there was nothing to lose for that long.
    private static async Task<bool> LoseAsync(Seat seat, ChaosFault fault, Func<string, bool> statement)
    {
        var before = seat.Database.LostAcknowledgements;
        seat.Database.LoseNextAcknowledgement(statement);
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < fault.Lasts && seat.Database.LostAcknowledgements == before;)
        {
            await Task.Delay(100);
        }

        seat.Database.LoseNothing();
        return seat.Database.LostAcknowledgements > before;
    }

    // Half of the time its worker dies meanwhile: what is on the disk is all there is, and the next one finds no room.
    private async Task<bool> FillDiskAsync(Seat seat, ChaosFault fault)
    {
        fleet.Disk!.Fill();
        if (fault.Variant % 2 == 0)
        {
            seat.Kill(TimeSpan.Zero);
        }

        await Task.Delay(fault.Lasts);
        fleet.Disk.Clear();
        return true;
    }

    private async Task<bool> StrikeProviderAsync(AuthorizationServer provider, ChaosFault fault)
    {
        var few = (fault.Variant % 3) + 1;
        var active = provider.Faults.Add(fault.Kind switch
        {
            ChaosFaultKind.Outage => Fault.Of(FaultKind.Outage),
            ChaosFaultKind.ServerError => Fault.Of(FaultKind.ServerError),
            ChaosFaultKind.Hang => Fault.Hold(),
            ChaosFaultKind.LateAnswer => Fault.Slow(times.HttpDeadline * 1.2, FaultStage.After).Times(few),
            ChaosFaultKind.Throttle => Fault.Throttled(TimeSpan.FromSeconds(few)),
            ChaosFaultKind.LostAnswer => LostAnswer(fault.Variant / 3).Times(few),
            var other => throw new InvalidOperationException($"{other} is no fault of a provider's."),
        });
        await Task.Delay(fault.Lasts);
        active.Remove();
        return active.Hits > 0;
    }

    private static Fault LostAnswer(int variant) => (variant % 3) switch
    {
        0 => Fault.LostAnswer(),
        1 => Fault.TruncatedAnswer(),
        _ => Fault.GatewayTimeout(),
    };
}
