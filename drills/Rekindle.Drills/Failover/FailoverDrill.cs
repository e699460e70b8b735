using System.Diagnostics;
using System.Globalization;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;
using Rekindle.Testing;

namespace Rekindle.Drills.Failover;

/// <summary>
/// Two failovers in front of a provider that uses up each refresh token and ends the grant when one comes back: with the journal, which has to
/// keep everything, and without it, which has to lose something.
/// </summary>
internal sealed class FailoverDrill(FailoverSize size, TextWriter output)
{
    private static readonly string[] WhoActs = ["nobody", "user", "operator"];

    /// <summary>0 when both are as promised.</summary>
    public async Task<int> RunAsync()
    {
        var started = Stopwatch.StartNew();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{size.Connections} connections, {size.Workers} workers and an API server; the primary is killed {size.Tail.TotalSeconds:0} s after its replica heard of it last"));
        output.WriteLine();
        output.WriteLine("journal  forgotten refreshes  of connections  lost  tokens reused  settled after  accepted  longest gap  errors by who acts");
        var with = RunAsync(journal: true);
        if (!size.AtOnce)
        {
            await with;
        }

        FailoverOutcome[] outcomes = await Task.WhenAll(with, RunAsync(journal: false));
        Array.ForEach(outcomes, o => output.WriteLine(Row(o)));

        var ok = Array.TrueForAll(outcomes, o => o.IsAsPromised);
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"verdict: {(ok ? "ok" : "FAILED")}: {outcomes[0].Lost} connections lost with the journal, {outcomes[1].Lost} without it; took {started.Elapsed.TotalSeconds:0} s"));
        return ok ? 0 : 1;
    }

    private async Task<FailoverOutcome> RunAsync(bool journal)
    {
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Servers = new Dictionary<string, Personality>
            {
                ["acme"] = new()
                {
                    AccessTokenLifetime = FailoverRun.TokenLifetime,
                    RefreshTokens = new RefreshTokenRules { RotateEvery = 1, ReuseEndsGrant = true },
                },
            },
        });
        await using var run = new FailoverRun(size, journal, simulator);
        var outcome = default(FailoverOutcome);
        try
        {
            return outcome = await run.RunAsync();
        }
        finally
        {
            if (outcome?.IsAsPromised != true)
            {
                var log = Repository.PathTo("artifacts", "drill", "logs", $"failover-{(journal ? "with" : "without")}-journal.log");
                Directory.CreateDirectory(Path.GetDirectoryName(log)!);
                await File.WriteAllTextAsync(log, run.Logs);
            }
        }
    }

    private static string Row(FailoverOutcome o)
    {
        var errors = o.Callers.SelectMany(c => c.Errors).GroupBy(e => e.Key, e => e.Value).ToDictionary(e => e.Key, e => e.Sum());
        var answers = o.Callers.Sum(c => c.Answers);
        return string.Create(CultureInfo.InvariantCulture,
            $"{(o.Journal ? "on" : "off"),-7}  {o.Forgotten.Refreshes,19}  {o.Forgotten.Connections,14}  {o.Lost,4}  {o.Reused,13}  {o.Settled.TotalSeconds,11:0.0} s"
            + $"  {(answers == 0 ? 0 : 100.0 * o.Callers.Sum(c => c.Accepted) / answers),7:0.00}%  {o.Callers.Max(c => c.LongestGap).TotalSeconds,9:0.0} s  ")
            + string.Join(", ", WhoActs.Select(w => $"{w} {errors.GetValueOrDefault(w)}"));
    }
}
