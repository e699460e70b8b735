using System.Diagnostics;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>What is overdue elsewhere costs a claim nothing (DESIGN §3).</summary>
public sealed class BacklogTests : PostgresTest
{
    private const int Backlog = 900_000;
    private const int Wanted = 64;
    private const int Rounds = 15;

    [Fact, Trait("Req", "A2"), Trait("Speed", "slow")]
    public async Task Nine_hundred_thousand_overdue_rows_of_a_paused_integration_do_not_slow_the_claim_of_another()
    {
        var program = OpenWithOneSession(TimeProvider.System);
        await SeedAsync(Mail, 2000, Now);
        var without = await MeasureAsync(program);
        var paused = await CreateIntegrationAsync("paused");
        await SeedScheduleAsync(paused, Backlog, Now.AddHours(-1));

        var with = await MeasureAsync(program);

        Print($"claim of {Wanted}: {without.Pages} pages, {without.Milliseconds:0.0} ms; with {Backlog:N0} overdue rows of a paused integration "
            + $"{with.Pages} pages, {with.Milliseconds:0.0} ms (medians of {Rounds})");
        // The indexes are a level or two deeper, for every row that is taken; not one row of the backlog is looked at.
        Assert.InRange(with.Pages, 1, without.Pages + (Wanted * 10));
    }

    private async Task<(long Pages, double Milliseconds)> MeasureAsync(Sql.StoreSet program)
    {
        var pages = new List<long>();
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            IReadOnlyList<Claim> claims = [];
            pages.Add(await PagesAsync(program, async () =>
            {
                var watch = Stopwatch.StartNew();
                claims = await program.Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, Wanted)]), default);
                times.Add(watch.Elapsed.TotalMilliseconds);
            }));
            Assert.Equal(Wanted, claims.Count);
            await program.Refresh.ReleaseAsync([.. claims.Select(c => new LeaseRelease(c.Connection.Id, c.AttemptId))], default);
        }

        return (Median(pages), Median(times));
    }

    private static T Median<T>(List<T> values) => values.Order().ElementAt(values.Count / 2);
}
