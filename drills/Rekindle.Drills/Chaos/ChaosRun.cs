using System.Diagnostics;
using Npgsql;
using Rekindle.Drills.Crash;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Drills.Chaos;

/// <summary>A run: a fleet under load, the faults of the plan, quiet until everybody is well again, and then the history.</summary>
internal sealed class ChaosRun(int seed, TimeSpan length, ChaosTimes times, int connectionsPerKind, TextWriter output)
{
    // Large tokens: the journals fill their segments and need new ones from a disk that may be full.
    private const int TokenLength = 4000;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Staleness = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Durable = TimeSpan.FromSeconds(1);

    // A result is written again at most so long after the database is back.
    private static readonly TimeSpan WrittenAgain = TimeSpan.FromSeconds(6);

    // A deadline begins when the request is made, not when it arrives.
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(1);

    /// <summary>0 when the checker is content.</summary>
    public async Task<int> RunAsync()
    {
        var started = Stopwatch.StartNew();
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Servers = ProviderKind.All.ToDictionary(k => k.Name, k => k.Personality with
            {
                AccessTokenLifetime = times.TokenLifetime,
                AccessTokenLook = new TokenLook("", Jwt: true),
            }),
            TokenLength = TokenLength,
            ProcessHeader = "Host",
        });
        await using var fleet = await ChaosFleet.StartAsync(times, simulator);
        output.WriteLine($"3 workers and 2 API servers run after {started.Elapsed.TotalSeconds:0} s; seed {seed}");
        WriteWhatIsLeftOut(fleet);
        try
        {
            return await RunAsync(fleet, simulator, started);
        }
        catch
        {
            ChaosArtifacts.Keep(fleet, null);
            throw;
        }
    }

    private async Task<int> RunAsync(ChaosFleet fleet, SimulatorHost simulator, Stopwatch started)
    {
        var subjects = ProviderKind.All.SelectMany(k => Enumerable.Range(1, connectionsPerKind).Select(i => new Subject($"{k.Name}-{i}", simulator.Servers[k.Name]))).ToArray();
        var load = new ChaosLoad(fleet, subjects, times, seed);
        await load.SeedAsync();
        using var enoughOrders = new CancellationTokenSource();
        using var enoughCalls = new CancellationTokenSource();
        var (calling, ordering) = (load.CallAsync(enoughCalls.Token), load.OrderAsync(enoughOrders.Token));

        using var injector = new FaultInjector(fleet, simulator, times, output);
        await injector.RunAsync(ChaosPlan.Make(seed, length, times, fleet.Ground));
        var calmSince = DateTimeOffset.UtcNow;
        await enoughOrders.CancelAsync();
        await ordering;
        output.WriteLine($"the faults are over after {started.Elapsed.TotalSeconds:0} s; waiting until everybody is well");

        var witness = new ChaosWitness(fleet, simulator);
        var (final, forced) = await SettleAsync(fleet, witness, subjects);
        await enoughCalls.CancelAsync();
        await calling;
        var settled = DateTimeOffset.UtcNow;

        var presented = witness.Presented();
        var history = new ChaosHistory
        {
            Presented = presented,
            Recorded = await witness.ReadRecordedAsync(presented),
            Served = load.Served,
            Interruptions = [.. fleet.Seats.SelectMany(s => s.Interruptions)],
            StoreAway = [.. injector.Done.Where(s => TakesTheStoreAway(s.Fault.Kind)).Select(s => new Interruption(s.Fault.Target, s.From - Durable, s.To + WrittenAgain))],
            Final = final,
            Bounds = new ChaosBounds(times.SkewBound, Staleness, Durable, times.HttpDeadline - OnTheWay, times.Lease + times.InDoubtHold),
        };
        var report = new ChaosReport(history, injector.Done, load, fleet)
        {
            CalmSince = calmSince,
            Settled = settled,
            ForcedRetries = forced,
            Took = started.Elapsed,
        };
        var code = report.Write(output);
        if (code != 0)
        {
            ChaosArtifacts.Keep(fleet, history);
            output.WriteLine($"what the servers printed and the history lie in {ChaosArtifacts.Folder}; the same faults again: ./drill chaos --seed {seed}");
        }

        return code;
    }

    private static bool TakesTheStoreAway(ChaosFaultKind kind) => kind is ChaosFaultKind.DatabaseFast or ChaosFaultKind.DatabaseImmediate
        or ChaosFaultKind.DatabaseKill or ChaosFaultKind.SessionKill or ChaosFaultKind.Partition or ChaosFaultKind.LostCommit;

    private void WriteWhatIsLeftOut(ChaosFleet fleet)
    {
        if (fleet.Disk is null)
        {
            output.WriteLine("left out: a full disk, because only root can mount one for the journal");
        }

        if (fleet.Clock is null)
        {
            output.WriteLine("left out: steps of the wall clock, because libfaketime is missing (apt-get install faketime)");
        }
    }

    // Well is who was refreshed since the faults ended and has a token that works; whoever needs the user stays as he is.
    private async Task<(IReadOnlyList<FinalState> Final, int Forced)> SettleAsync(ChaosFleet fleet, ChaosWitness witness, Subject[] subjects)
    {
        var since = await witness.ReadStandingAsync();
        var (well, forced, waited) = (new HashSet<string>(), 0, Stopwatch.StartNew());
        while (true)
        {
            var now = await ReadAsync(witness) ?? since;
            foreach (var subject in subjects.Where(s => !well.Contains(s.Name)))
            {
                var standing = now[subject.Name];
                if (standing is { Status: "needs_reauthorization" }
                    || (standing is { Status: "active", IsClaimed: false, InDoubt: false } && standing.Version > since[subject.Name].Version && await IsServedAsync(fleet, subject)))
                {
                    well.Add(subject.Name);
                }
                else if (standing.Status == "disabled")
                {
                    // Its order had no answer, was taken for lost, and was carried out later.
                    await OrderAsync(fleet, subject, "enable");
                }
                else if (standing.WaitsForOperator && await OrderAsync(fleet, subject, "retry"))
                {
                    // Three lost holders in a row: the product asks an operator to look, and so this one does.
                    forced++;
                }
            }

            if (well.Count == subjects.Length || waited.Elapsed > times.Settle)
            {
                return ([.. subjects.Select(s => FinalOf(s.Name, now[s.Name], well.Contains(s.Name)))], forced);
            }

            await Task.Delay(Look);
        }
    }

    private static async Task<bool> OrderAsync(ChaosFleet fleet, Subject subject, string order)
    {
        try
        {
            using var answer = fleet.Apis[0].Http is { } http ? await http.PostAsync(new Uri($"/v1/connections/{subject.Id}/{order}", UriKind.Relative), null) : null;
            return answer?.IsSuccessStatusCode == true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static FinalState FinalOf(string subject, Standing standing, bool isWell) => new(
        subject, standing.Status, standing.Reason ?? (isWell ? null : standing.LastError), isWell || standing is { IsClaimed: false, InDoubt: false },
        isWell && standing.Status == "active");

    private static async Task<IReadOnlyDictionary<string, Standing>?> ReadAsync(ChaosWitness witness)
    {
        try
        {
            return await witness.ReadStandingAsync();
        }
        catch (NpgsqlException)
        {
            // It has just been started again.
            return null;
        }
    }

    private static async Task<bool> IsServedAsync(ChaosFleet fleet, Subject subject)
    {
        try
        {
            return fleet.Apis[0].Client is { } client && subject.Provider.Accepts((await client.GetByIdAsync(subject.Id)).AccessToken);
        }
        catch (Exception e) when (e is Client.RekindleApiException or HttpRequestException)
        {
            return false;
        }
    }
}
