using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>The log of attempts has a partition per day, made ahead by whoever comes first (D7).</summary>
public sealed class AttemptPartitionTests : PostgresTest
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(30);

    [Fact, Trait("Req", "D7")]
    public async Task Workers_that_make_room_at_the_same_time_make_each_day_once()
    {
        var programs = Enumerable.Range(0, 4).Select(_ => OpenAnother()).ToArray();
        var now = Now;

        await Task.WhenAll(programs.Concat(programs).Select(p => Task.Run(() => p.Attempts.MaintainAsync(now, Retention, default))));

        var days = await DaysAsync();
        Assert.Equal(Enumerable.Range(-1, 16).Select(offset => now.AddDays(offset)).Select(d => $"attempts_{d:yyyyMMdd}"), days);
        Assert.Equal(0L, await CountAsync("select count(*) from pg_partitioned_table where partdefid <> 0"));
    }

    [Fact, Trait("Req", "D7")]
    public async Task What_is_past_retention_is_dropped_and_what_is_not_is_kept()
    {
        await Stores.Attempts.MaintainAsync(Now, Retention, default);
        await CommitAsync(Given.Success(await ClaimAsync((await ConnectDueAsync()).Id), Now));
        var day = $"attempts_{Now:yyyyMMdd}";
        Clock.Advance(Retention);

        await Stores.Attempts.MaintainAsync(Now, Retention, default);
        Assert.Contains(day, await DaysAsync());

        Clock.Advance(TimeSpan.FromDays(1));
        await Stores.Attempts.MaintainAsync(Now, Retention, default);
        Assert.DoesNotContain(day, await DaysAsync());
    }

    [Fact, Trait("Req", "D1")]
    public async Task A_day_that_nobody_made_is_made_when_an_attempt_needs_it()
    {
        Clock.Advance(TimeSpan.FromDays(400));
        var claim = await ClaimAsync((await ConnectDueAsync()).Id);

        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(claim, Now)));

        Assert.NotNull(await Stores.Attempts.GetAsync(claim.AttemptId, default));
    }

    [Fact, Trait("Req", "D7")]
    public async Task A_partition_that_somebody_reads_is_dropped_the_next_time_and_nobody_waits_for_it()
    {
        await Stores.Attempts.MaintainAsync(Now, Retention, default);
        var day = $"attempts_{Now:yyyyMMdd}";
        var connection = await ConnectDueAsync();
        Clock.Advance(Retention + TimeSpan.FromDays(2));
        await using (var reader = await ConnectBesideAsync())
        {
            await using var transaction = await reader.BeginTransactionAsync();
            await ScalarAsync(reader, "select count(*) from attempts");

            await Stores.Attempts.MaintainAsync(Now, Retention, default);

            Assert.Contains(day, await DaysAsync());
            Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now)));
        }

        await Stores.Attempts.MaintainAsync(Now, Retention, default);
        Assert.DoesNotContain(day, await DaysAsync());
    }

    [Fact, Trait("Req", "D1"), Trait("Failure", "F02")]
    public async Task A_token_is_written_though_the_database_refuses_its_attempt()
    {
        await Stores.Attempts.MaintainAsync(Now, Retention, default);
        await using (var beside = await ConnectBesideAsync())
        {
            await ScalarAsync(beside, "alter table attempts add constraint refused check (decision <> 'refused')");
        }

        var refused = await ClaimAsync((await ConnectDueAsync()).Id);
        var other = await ClaimAsync((await ConnectDueAsync()).Id);
        var commit = Given.Success(refused, Now);

        var results = await Refresh.CommitAsync(
            [commit with { Attempt = commit.Attempt with { Decision = "refused" } }, Given.Success(other, Now)], default);

        Assert.Equal([CommitResult.Applied, CommitResult.Applied], results);
        Assert.Equal(2, (await GetAsync(refused.Connection.Id)).Tokens!.Version);
        Assert.Null(await Stores.Attempts.GetAsync(refused.AttemptId, default));
        Assert.NotNull(await Stores.Attempts.GetAsync(other.AttemptId, default));
    }

    private async Task<List<string>> DaysAsync() => await Stores.Database.ReadAsync(
        session => session.ListAsync(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'attempts'::regclass order by 1", static row => row.Text()),
        default);

    private async Task<long> CountAsync(string sql)
    {
        await using var beside = await ConnectBesideAsync();
        return (long)(await ScalarAsync(beside, sql))!;
    }
}
