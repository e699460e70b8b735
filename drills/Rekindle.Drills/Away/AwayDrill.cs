using System.Diagnostics;
using System.Globalization;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;
using Rekindle.Testing;

namespace Rekindle.Drills.Away;

/// <summary>
/// Fleets on one PostgreSQL server, each in front of a provider that uses up every refresh token and ends the grant when one comes
/// back: the server goes away under load, and comes back.
/// </summary>
internal sealed class AwayDrill(AwaySize size, TextWriter output)
{
    private static readonly TimeSpan RunIn = TimeSpan.FromSeconds(2);
    private static readonly string[] WhoActs = ["nobody", "user", "operator"];

    /// <summary>0 when all is as promised.</summary>
    public async Task<int> RunAsync()
    {
        var started = Stopwatch.StartNew();
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Servers = size.Variants.ToDictionary(v => v.Name, _ => new Personality
            {
                AccessTokenLifetime = AwayRun.TokenLifetime,
                RefreshTokens = new RefreshTokenRules { RotateEvery = 1, ReuseEndsGrant = true },
            }),
            ProcessHeader = "Host",
        });
        await using var database = await AwayDatabase.CreateAsync();
        var fleets = size.Variants.Select(v => new AwayFleet(size, v, database, simulator)).ToArray();
        var runs = fleets.Select(f => new AwayRun(size, f, database, simulator)).ToArray();
        try
        {
            await Task.WhenAll(fleets.Select(f => f.OpenAsync()));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{fleets.Length} fleets of two workers and an API server run after {started.Elapsed.TotalSeconds:0} s; {size.Connections} connections each, and a caller for each of them"));
            var outcomes = await RunAsync(runs, database);
            var code = Write(outcomes, started.Elapsed);
            if (code != 0)
            {
                Keep(fleets);
            }

            return code;
        }
        catch
        {
            Keep(fleets);
            throw;
        }
        finally
        {
            Array.ForEach(runs, r => r.Dispose());
            await Task.WhenAll(fleets.Select(f => f.DisposeAsync().AsTask()));
        }
    }

    private static async Task<AwayOutcome[]> RunAsync(AwayRun[] runs, AwayDatabase database)
    {
        await Task.WhenAll(runs.Select(r => r.SeedAsync()));
        await Task.Delay(RunIn);
        await Task.WhenAll(runs.Select(r => r.BurstAsync()));
        await database.StopAsync();
        Array.ForEach(runs, r => r.LetAnswersGo());
        await Task.WhenAll(runs.Select(r => r.StayAwayAsync()));
        await database.StartAsync();
        await Task.WhenAll(runs.Select(r => r.SettleAsync()));
        return await Task.WhenAll(runs.Select(r => r.JudgeAsync()));
    }

    private int Write(AwayOutcome[] outcomes, TimeSpan took)
    {
        output.WriteLine();
        output.WriteLine("                       when it went         while it was away         of a killed worker           tokens  settled                     longest");
        output.WriteLine("fleet                  in flight   due  sent  answered  waiting    waiting  in journal    lost  reused    after  accepted  answers      gap  errors by who acts");
        Array.ForEach(outcomes, o => output.WriteLine(Row(o)));
        output.WriteLine($"starts of killed workers that failed while the database was away: {string.Join(", ", outcomes.Where(o => o.Variant.Kills).Select(o => o.FailedStarts))}");
        output.WriteLine();

        string[] mistakes = [.. outcomes.SelectMany(o => o.Mistakes())];
        Array.ForEach(mistakes, m => output.WriteLine($"FAILED {m}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"verdict: {(mistakes.Length == 0 ? "ok" : "FAILED")}: {outcomes.Where(o => o.Variant.Journal).Sum(o => o.Lost.Count)} connections lost with the journal, "
            + $"{outcomes.Where(o => !o.Variant.Journal).Sum(o => o.Lost.Count)} without it; took {took.TotalSeconds:0} s"));
        return mistakes.Length == 0 ? 0 : 1;
    }

    private static string Row(AwayOutcome o)
    {
        var errors = o.Callers.SelectMany(c => c.Errors).GroupBy(e => e.Key, e => e.Value).ToDictionary(e => e.Key, e => e.Sum());
        var answers = o.Callers.Sum(c => c.Answers);
        return string.Create(CultureInfo.InvariantCulture,
            $"{o.Variant.Title,-21}  {o.InFlight,9}  {o.Due,4}  {o.SentLater,4}  {o.Answered,8}  {o.Pending,7}    {Figure(o.PendingOfDead),7}  {Figure(o.InJournalOfDead),10}  {o.Lost.Count,6}  {o.Reused,6}"
            + $"  {o.Settled.TotalSeconds,5:0.0} s  {(answers == 0 ? 0 : 100.0 * o.Callers.Sum(c => c.Accepted) / answers),7:0.00}%  {answers,7}  {o.Callers.Max(c => c.LongestGap).TotalSeconds,5:0.0} s  ")
            + string.Join(", ", WhoActs.Select(w => $"{w} {errors.GetValueOrDefault(w)}"));
    }

    private static string Figure(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-";

    private static void Keep(AwayFleet[] fleets)
    {
        var folder = Repository.PathTo("artifacts", "drill", "logs");
        Directory.CreateDirectory(folder);
        Array.ForEach(fleets, f => File.WriteAllText(Path.Combine(folder, $"away-{f.Variant.Name}.log"), f.Logs));
    }
}
