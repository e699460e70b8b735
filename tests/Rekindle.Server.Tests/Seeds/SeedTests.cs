using System.Globalization;

namespace Rekindle.Server.Tests.Seeds;

/// <summary>
/// Random lives of connections, each told by a number. <c>SIM_SEED=n</c> repeats one and prints its log, <c>SIM_SEEDS=n</c> runs so many,
/// <c>SIM_FROM=n</c> lets them begin there; what a seed decides stands at <see cref="SeedRun"/>.
/// </summary>
public sealed class SeedTests(ITestOutputHelper output)
{
    private const int InEveryRun = 40;

    [Fact]
    [Trait("Req", "I1"), Trait("Req", "I3"), Trait("Req", "I5"), Trait("Req", "I7"), Trait("Req", "F4"), Trait("Speed", "slow")]
    public async Task Whatever_goes_wrong_nothing_is_lost_that_could_be_kept_and_nothing_is_sent_that_must_not_be()
    {
        await using var world = await SeedWorld.StartAsync();
        var only = Number("SIM_SEED");
        var failed = new List<int>();
        var first = only ?? Number("SIM_FROM") ?? 1;
        var count = only is null ? Number("SIM_SEEDS") ?? InEveryRun : 1;
        foreach (var seed in Enumerable.Range(first, count))
        {
            if (!await HoldsAsync(world, seed, only is not null))
            {
                failed.Add(seed);
            }
        }

        output.WriteLine(world.Tally.ToString());
        if (only is null)
        {
            // A simulation in which little happens shows little.
            var seen = world.Tally;
            Assert.All([seen.Deaths, seen.PresentedAgain, seen.OutsideRule, seen.Forgotten, seen.RotationLost], times => Assert.True(times > 0, seen.ToString()));
        }

        Assert.True(failed.Count == 0, $"Repeat with SIM_SEED={string.Join(" or ", failed)}");
    }

    private async Task<bool> HoldsAsync(SeedWorld world, int seed, bool tell)
    {
        await using var run = new SeedRun(world, seed);
        try
        {
            await run.RunAsync();
            if (tell)
            {
                output.WriteLine(run.Log);
            }

            return true;
        }
        catch (SeedFailureException failure)
        {
            output.WriteLine($"{run.Log}=> {failure.Message}");
            return false;
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
