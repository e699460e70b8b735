using Rekindle.Sql;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>The database did what it was asked to, and its answer got lost on the way (DESIGN §3).</summary>
public sealed class LostAcknowledgementTests : PostgresTest
{
    private CuttingProxy _proxy = null!;

    private StoreSet Program { get; set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Stores.Attempts.MaintainAsync(Now, TimeSpan.FromDays(30), default);
        _proxy = new(Store.ConnectionString);
        Program = Store.Open(options => options.ConnectionString = _proxy.ConnectionString);
        // Connections are open and statements prepared before anything is cut.
        await Program.Database.ProbeAsync(default);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _proxy.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact, Trait("Req", "F4"), Trait("Failure", "F08")]
    public async Task A_commit_whose_answer_was_lost_is_known_as_ours_when_it_is_sent_again()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now) with { Opens = [Given.Draft()] };

        _proxy.CutNext();
        var lost = await Assert.ThrowsAsync<StoreException>(() => Program.Refresh.CommitAsync([commit], default));

        Assert.True(lost.IsTransient);
        Assert.Equal(2, (await GetAsync(connection.Id)).Tokens!.Version);
        Assert.Equal([CommitResult.Applied], await Program.Refresh.CommitAsync([commit], default));
        Assert.Equal(2, (await GetAsync(connection.Id)).Tokens!.Version);
        Assert.Equal(1, Assert.Single(await Stores.Notifications.ListAsync(Environment, true, null, null, 10, default)).Count);
        Assert.Equal(0L, await QueryAsync<object>("select count(*) from late_results"));
    }

    [Fact, Trait("Req", "F4"), Trait("Failure", "F08")]
    public async Task A_failure_whose_answer_was_lost_counts_once()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Trouble(await ClaimAsync(connection.Id), Now);

        _proxy.CutNext();
        await Assert.ThrowsAsync<StoreException>(() => Program.Refresh.CommitAsync([commit], default));

        Assert.Equal([CommitResult.Applied], await Program.Refresh.CommitAsync([commit], default));
        var after = (await GetAsync(connection.Id)).Connection;
        Assert.Equal(1, after.ConsecutiveTransientFailures);
        Assert.Single(await Stores.Attempts.ListAsync(new() { Environment = Environment }, null, 10, default));
    }

    [Fact, Trait("Req", "A4"), Trait("Failure", "F08")]
    public async Task Leases_that_nobody_heard_of_are_given_back_by_the_next_claim()
    {
        var connection = await ConnectDueAsync();
        _proxy.CutNext();
        await Assert.ThrowsAsync<StoreException>(() => ClaimAsync(Program));
        Assert.NotNull((await GetAsync(connection.Id)).LeaseUntil);

        var claim = Assert.Single(await ClaimAsync(Program));

        Assert.Equal((connection.Id, 0), (claim.Connection.Id, claim.OpenIntents));
        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(claim, Now)));
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F08")]
    public async Task A_claim_of_one_that_is_asked_for_again_is_the_same_claim()
    {
        var connection = await ConnectDueAsync();
        var terms = Given.Terms(Now);
        Assert.IsType<ClaimAnswer.Taken>(await Program.Refresh.ClaimOneAsync(connection.Id, 1, terms, TimeSpan.Zero, default));

        var again = Assert.IsType<ClaimAnswer.Taken>(await Program.Refresh.ClaimOneAsync(connection.Id, 1, terms, TimeSpan.Zero, default)).Claim;

        Assert.Equal((terms.AttemptId, 1L, 0), (again.AttemptId, again.Fence, again.OpenIntents));
        Assert.IsType<ClaimAnswer.Held>(await Program.Refresh.ClaimOneAsync(connection.Id, 1, Given.Terms(Now), TimeSpan.Zero, default));
    }

    private Task<IReadOnlyList<Claim>> ClaimAsync(StoreSet program) =>
        program.Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 10)]), default);
}
