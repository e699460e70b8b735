using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>The figures of the summary page (A13).</summary>
public abstract class SummaryContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A13")]
    public async Task An_empty_environment_has_nothing_to_report()
    {
        var summary = await SummarizeAsync();

        Assert.Empty(summary.ByStatus);
        Assert.Equal(
            (0, 0, 0, 0, 0, null),
            (summary.ExpiringSoon, summary.Overdue, summary.ExpiredWhileActive, summary.InDoubt, summary.NeverRefreshed, summary.NextDueAt));
        Assert.Empty(summary.InBackoff);
        Assert.Empty(summary.TopErrors);
    }

    [Fact, Trait("Req", "A13")]
    public async Task Connections_are_counted_by_status_in_their_environment()
    {
        await ConnectAsync();
        await ConnectAsync();
        var disabled = await ConnectAsync();
        await Connections.ApplyAsync(disabled.Id, new LeverChange.Disable(), Now, default);
        var sandbox = await CreateIntegrationAsync("mail", "sandbox");
        await ConnectAsync(_ => Given.Grant(sandbox, "other", Now));

        var summary = await SummarizeAsync();

        Assert.Equal(
            [(ConnectionStatus.Active, 2), (ConnectionStatus.Disabled, 1)], summary.ByStatus.Select(p => (p.Key, p.Value)).Order());
    }

    [Fact, Trait("Req", "A13")]
    public async Task Ends_are_sorted_into_soon_and_overlooked()
    {
        await ConnectAsync(g => g with { ExpiresAt = Now.AddMinutes(10) });
        await ConnectAsync(g => g with { ExpiresAt = Now.AddMinutes(10).AddMilliseconds(1) });
        await ConnectAsync(g => g with { ExpiresAt = Now });
        await ConnectAsync(g => g with { ExpiresAt = null });

        var summary = await SummarizeAsync();

        Assert.Equal((1, 1), (summary.ExpiringSoon, summary.ExpiredWhileActive));
        await Refresh.DegradeExpiredAsync(Now, 10, default);
        Assert.Equal(0, (await SummarizeAsync()).ExpiredWhileActive);
    }

    [Fact, Trait("Req", "A13")]
    public async Task Overdue_is_what_could_be_claimed_and_is_not()
    {
        await ConnectDueAsync();
        await ClaimAsync((await ConnectDueAsync()).Id);
        var waiting = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(waiting.Id), Now));
        await ConnectAsync(g => g with { DueAt = Now.AddMinutes(3) });

        var summary = await SummarizeAsync();

        Assert.Equal((1, Now), (summary.Overdue, summary.NextDueAt));
    }

    [Fact, Trait("Req", "A13")]
    public async Task Doubt_is_an_unknown_outcome_or_a_lease_without_one()
    {
        var unknown = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(unknown.Id), Now) with { InDoubtSince = Now });
        var lost = await ConnectDueAsync();
        await ClaimAsync(lost.Id);
        await Stores.Database.WriteAsync(
            s => s.ExecuteAsync("update refresh_schedule set lease_until = @now where connection_id = @id", ("now", Now), ("id", lost.Id)), default);
        var flying = await ConnectDueAsync();
        await ClaimAsync(flying.Id);
        await Stores.Database.WriteAsync(
            s => s.ExecuteAsync(
                "update refresh_schedule set lease_until = @later where connection_id = @id", ("later", Now.AddMinutes(1)), ("id", flying.Id)),
            default);

        var told = await ConnectDueAsync();
        await CommitAsync(Given.Death(await ClaimAsync(told.Id), Now) with { InDoubtSince = Now });

        Assert.Equal(2, (await SummarizeAsync()).InDoubt);
    }

    [Fact, Trait("Req", "A13")]
    public async Task Never_refreshed_ends_with_the_first_success()
    {
        await ConnectAsync();
        var tried = await ConnectAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(tried.Id), Now));
        var refreshed = await ConnectAsync();
        await CommitAsync(Given.Success(await ClaimAsync(refreshed.Id), Now));

        Assert.Equal(2, (await SummarizeAsync()).NeverRefreshed);
    }

    [Fact, Trait("Req", "A13")]
    public async Task Back_off_is_grouped_by_failures_with_its_span_and_most_common_error()
    {
        await InBackoffAsync(1, 60, "timeout");
        await InBackoffAsync(1, 90, "503");
        await InBackoffAsync(1, 70, "503");
        await InBackoffAsync(3, 3600, null);
        await InBackoffAsync(2, -1, "over");

        var groups = (await SummarizeAsync()).InBackoff;

        Assert.Equal(
            [new(1, 3, Now.AddSeconds(60), Now.AddSeconds(90), "503"), new(3, 1, Now.AddSeconds(3600), Now.AddSeconds(3600), null)],
            groups);
    }

    [Fact, Trait("Req", "A13")]
    public async Task The_ten_most_common_errors_come_most_frequent_first()
    {
        for (var i = 0; i < 12; i++)
        {
            await InBackoffAsync(1, 60, $"error-{i:00}");
        }

        await InBackoffAsync(1, 60, "error-11");
        await InBackoffAsync(1, 60, "error-11");
        await InBackoffAsync(1, 60, "error-07");

        var errors = (await SummarizeAsync()).TopErrors;

        Assert.Equal(10, errors.Count);
        Assert.Equal([new("error-11", 3), new("error-07", 2), new("error-00", 1)], errors.Take(3));
    }

    private Task<ConnectionSummary> SummarizeAsync() => Connections.SummarizeAsync(Environment, Now, default);

    private async Task InBackoffAsync(int failures, int seconds, string? error)
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with
        {
            ConsecutiveTransientFailures = failures,
            NextRetryAt = Now.AddSeconds(seconds),
            LastRefreshError = error,
        });
    }
}
