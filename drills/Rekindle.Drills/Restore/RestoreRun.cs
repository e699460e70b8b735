using System.Diagnostics;
using System.Text.Json;
using Rekindle.Testing;

namespace Rekindle.Drills.Restore;

/// <summary>Plays one scenario, step by step as an administrator would, and notes what it shows.</summary>
internal sealed class RestoreRun(RestoreScenario scenario, DrillStore store, RestoreWorld world)
{
    private readonly List<RestoreCheck> _checks = [];

    public async Task<RestoreOutcome> RunAsync()
    {
        var started = Stopwatch.StartNew();
        await (scenario switch
        {
            RestoreScenario.OldBackup => OldBackupAsync(hasJournals: true),
            RestoreScenario.LostJournal => OldBackupAsync(hasJournals: false),
            RestoreScenario.Clone => CloneAsync(),
            RestoreScenario.Redeploy => RedeployAsync(),
            RestoreScenario.Upgrade => UpgradeAsync(),
            RestoreScenario.Move => MoveAsync(),
            _ => UnplannedAsync(),
        });
        Note(world.Reused == 0, $"{world.Reused} used tokens presented");
        return new RestoreOutcome(store, scenario, _checks, await world.StopCallersAsync(), started.Elapsed);
    }

    private async Task OldBackupAsync(bool hasJournals)
    {
        var home = world.SettingsOf(world.Home);
        var server = await world.ServeAsync("original", home);
        await world.SeedAsync(server);
        var backup = await world.Home.BackUpAsync();
        await Task.Delay(RestoreWorld.Span + TimeSpan.FromSeconds(2));
        await world.RefreshedAsync(server);
        server.Signal("KILL");
        await server.EndedAsync();
        await world.Home.RestoreAsync(backup);
        if (!hasJournals)
        {
            Array.ForEach(Directory.GetDirectories(world.Volume), journal => Directory.Delete(journal, recursive: true));
        }

        var restored = await world.ServeAsync("restored", home);
        await IsAsync(restored, "old_backup");
        var presented = world.Presented;
        await Task.Delay(TimeSpan.FromSeconds(2));
        Note(world.Presented == presented, "nothing is presented");

        var plan = await PlanAsync(home);
        Note(plan == (hasJournals ? (2, 0) : (1, 1)), $"plan: {plan.Safe} safe, {plan.Other} not");
        await UnfreezeAsync(home, "safe");
        await IsAsync(restored, "no", unlike: "old_backup");
        if (hasJournals)
        {
            Note(await world.RefreshedAsync(restored), "both are refreshed again");
            return;
        }

        Note(await world.RefreshedAsync(restored, world.Connections[0]), "the safe one is refreshed again");
        Note((await world.ReadAsync(restored, world.Connections[1])).LeftOut, "the other one is left out");
    }

    private async Task CloneAsync()
    {
        var original = await world.ServeAsync("original", world.SettingsOf(world.Home));
        await world.SeedAsync(original);
        var copy = await world.AnotherAsync();
        await copy.RestoreAsync(await world.Home.BackUpAsync());

        var clone = await world.ServeAsync("clone", world.SettingsOf(copy, ("JOURNAL:FOLDER", world.Volume + "-of-another-machine")), asked: false);
        await IsAsync(clone, "other_endpoint");
        var attempts = await RestoreWorld.AttemptsAsync(clone);
        Note(await world.RefreshedAsync(original) && await world.RefreshedAsync(original), "the original goes on");
        Note(await RestoreWorld.AttemptsAsync(clone) == attempts, "the clone attempts nothing");
        await IsAsync(original, "no");
    }

    private async Task RedeployAsync()
    {
        var home = world.SettingsOf(world.Home);
        var first = await world.ServeAsync("first", home);
        await world.SeedAsync(first);
        await first.StopAsync();

        var second = await world.ServeAsync("with the volume", home);
        await IsAsync(second, "no");
        Note(await world.RefreshedAsync(second), "with the volume it goes on");
        await second.StopAsync();

        var third = await world.ServeAsync("without the volume", world.SettingsOf(world.Home, ("JOURNAL:FOLDER", world.Volume + "-of-another-machine")));
        await IsAsync(third, "no");
        Note(await world.RefreshedAsync(third), "and without");
        Note(third.Output.Contains("remembers nothing of database", StringComparison.Ordinal), "which the log says");
    }

    private async Task UpgradeAsync()
    {
        (string, string) named = ("OWNERSHIP:ENDPOINT", "drill-database");
        var old = await world.ServeAsync("old version", world.SettingsOf(world.Home, named));
        await world.SeedAsync(old);
        await old.StopAsync();
        var next = await world.AnotherAsync(anotherServer: true);
        await next.RestoreAsync(await world.Home.BackUpAsync());

        var upgraded = await world.ServeAsync("new version", world.SettingsOf(next, named));
        await IsAsync(upgraded, "no");
        Note(await world.RefreshedAsync(upgraded), "it goes on");
    }

    private async Task MoveAsync()
    {
        var home = world.SettingsOf(world.Home);
        var old = await world.ServeAsync("old place", home);
        await world.SeedAsync(old);
        var target = await world.AnotherAsync();
        var announced = await ServerProcess.RunAsync(home, "expect-move", "--endpoint", target.Endpoint);
        Note(announced.ExitCode == 0, $"announced{Said(announced)}");
        await IsAsync(old, "moving", unlike: "no");
        await old.StopAsync();
        await target.RestoreAsync(await world.Home.BackUpAsync());

        var moved = await world.ServeAsync("new place", world.SettingsOf(target));
        await IsAsync(moved, "no");
        Note(await world.RefreshedAsync(moved), "the new place goes on");
        var left = await world.ServeAsync("old place again", world.SettingsOf(world.Home, ("JOURNAL:FOLDER", world.Volume + "-left-behind")), asked: false);
        await IsAsync(left, "moving");
        Note(await world.RefreshedAsync(moved), "while the old one is up");
    }

    private async Task UnplannedAsync()
    {
        var old = await world.ServeAsync("old place", world.SettingsOf(world.Home));
        await world.SeedAsync(old);
        await old.StopAsync();
        var target = await world.AnotherAsync();
        await target.RestoreAsync(await world.Home.BackUpAsync());
        var there = world.SettingsOf(target);

        var moved = await world.ServeAsync("new place", there);
        await IsAsync(moved, "other_endpoint");
        var plan = await PlanAsync(there);

        // The rotating one is safe as well if it was not due yet while the old place might have been at work: a matter of seconds.
        Note(plan is { Safe: 1, Other: 1 } or { Safe: 2, Other: 0 }, $"plan: {plan.Safe} safe, {plan.Other} not");
        await UnfreezeAsync(there, "all");
        await IsAsync(moved, "no", unlike: "other_endpoint");
        Note(await world.RefreshedAsync(moved), "all are refreshed again");
    }

    private async Task IsAsync(ServerProcess server, string expected, string? unlike = null)
    {
        var found = unlike is null ? await RestoreWorld.FrozenAsync(server) : await RestoreWorld.FrozenAsync(server, unlike);
        Note(found == expected, found == "no" ? "not frozen" : $"frozen {found}");
    }

    private static async Task<(int Safe, int Other)> PlanAsync(Dictionary<string, string> settings)
    {
        var plan = await ServerProcess.RunAsync(settings, "unfreeze", "--plan", "--json");
        if (plan.ExitCode != 0)
        {
            throw new InvalidOperationException($"unfreeze --plan ended with {plan.ExitCode}: {plan.Errors}");
        }

        using var document = JsonDocument.Parse(plan.Output);
        var counts = document.RootElement.GetProperty("integrations").EnumerateArray()
            .SelectMany(i => i.GetProperty("classes").EnumerateObject()).Select(c => (c.Name, Count: c.Value.GetProperty("count").GetInt32())).ToArray();
        return (counts.Where(c => c.Name == "safe").Sum(c => c.Count), counts.Where(c => c.Name != "safe").Sum(c => c.Count));
    }

    private async Task UnfreezeAsync(Dictionary<string, string> settings, string @class)
    {
        var applied = await ServerProcess.RunAsync(settings, "unfreeze", "--apply", "--class", @class, "--yes");
        Note(applied.ExitCode == 0, $"unfreeze --class {@class}{Said(applied)}");
    }

    private static string Said((int ExitCode, string Output, string Errors) run) => run.ExitCode == 0 ? "" : $" ended with {run.ExitCode}: {run.Errors.Trim()}";

    private void Note(bool holds, string said) => _checks.Add(new RestoreCheck(said, holds));
}
