using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Claiming one connection for a caller (A11).</summary>
public abstract class ClaimOneContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);

    [Fact, Trait("Req", "A11")]
    public async Task A_free_connection_is_taken_whether_due_or_not()
    {
        var connection = await ConnectAsync();
        var terms = Given.Terms(Now);

        var answer = await Refresh.ClaimOneAsync(connection.Id, 1, terms, Wait, default);

        var claim = Assert.IsType<ClaimAnswer.Taken>(answer).Claim;
        Assert.Equal((terms.AttemptId, terms.Holder, 1L), (claim.AttemptId, claim.Holder, claim.Fence));
        Assert.Equal(Now.AddMinutes(50), claim.DueAt);
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_connection_that_somebody_refreshes_is_held_and_says_by_whom()
    {
        var connection = await ConnectAsync();
        await ClaimAsync(connection.Id, "worker-2");

        var answer = await ClaimOneAsync(connection.Id, version: 1);

        var held = Assert.IsType<ClaimAnswer.Held>(answer);
        Assert.Equal("worker-2", held.Holder);
        Assert.Equal((await GetAsync(connection.Id)).LeaseUntil, held.LeaseUntil);
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_caller_that_knew_an_older_version_gets_the_newer_token_instead_of_a_lease()
    {
        var connection = await ConnectAsync();
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));

        var answer = await ClaimOneAsync(connection.Id, version: 1);

        Assert.Equal(2, Assert.IsType<ClaimAnswer.Moved>(answer).Snapshot.Tokens!.Version);
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_newer_token_counts_more_than_a_lease_in_the_way()
    {
        var connection = await ConnectAsync();
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));
        await ClaimAsync(connection.Id, "worker-2");

        Assert.IsType<ClaimAnswer.Moved>(await ClaimOneAsync(connection.Id, version: 1));
    }

    [Fact, Trait("Req", "A7")]
    public async Task A_status_that_allows_no_refresh_gives_no_lease()
    {
        LeverChange[] levers = [new LeverChange.Disable(), new LeverChange.Revoke(default), new LeverChange.RequireReauthorization("asked for")];
        foreach (var lever in levers)
        {
            var connection = await ConnectAsync();
            var after = await Connections.ApplyAsync(connection.Id, lever, Now, default);

            var answer = await ClaimOneAsync(connection.Id, version: 1);

            Assert.Equal(after!.Connection.Status, Assert.IsType<ClaimAnswer.Moved>(answer).Snapshot.Connection.Status);
        }
    }

    [Theory, Trait("Req", "A7")]
    [InlineData(ConnectionStatus.Pending)]
    [InlineData(ConnectionStatus.Standby)]
    public async Task Neither_does_one_that_is_not_ours_to_refresh_yet(ConnectionStatus status)
    {
        var connection = await ConnectAsync(g => g with { Status = status });

        Assert.IsType<ClaimAnswer.Moved>(await ClaimOneAsync(connection.Id, version: 1));
    }

    [Fact, Trait("Req", "A7")]
    public async Task Neither_does_one_whose_tokens_were_erased()
    {
        var connection = await ConnectAsync();
        await Connections.ApplyAsync(connection.Id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), Now, default);
        await Connections.EraseTokensAsync(connection.Id, Now, default);

        Assert.Null(Assert.IsType<ClaimAnswer.Moved>(await ClaimOneAsync(connection.Id, version: 1)).Snapshot.Tokens);
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_connection_that_is_not_there_is_unknown() =>
        Assert.IsType<ClaimAnswer.Unknown>(await ClaimOneAsync(ConnectionId.New(Given.Key(Mail, "nobody")), version: 1));

    [Fact, Trait("Req", "A11")]
    public async Task A_degraded_connection_can_be_taken()
    {
        var connection = await ConnectAsync(g => g with { ExpiresAt = Now });
        await Refresh.DegradeExpiredAsync(Now, 10, default);

        Assert.IsType<ClaimAnswer.Taken>(await ClaimOneAsync(connection.Id, version: 1));
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F01")]
    public async Task An_open_intent_is_in_doubt_until_its_wait_has_passed()
    {
        var connection = await ConnectAsync();
        await ClaimAsync(connection.Id, "lost");
        await RunOutAsync(connection.Id, ago: Wait - TimeSpan.FromMinutes(1));

        var answer = await ClaimOneAsync(connection.Id, version: 1);

        Assert.Equal((await GetAsync(connection.Id)).LeaseUntil + Wait, Assert.IsType<ClaimAnswer.InDoubt>(answer).SettlesAt);
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F01")]
    public async Task After_its_wait_an_open_intent_is_taken_over_and_the_lost_attempt_goes_on_record()
    {
        var connection = await ConnectAsync();
        var lost = await ClaimAsync(connection.Id, "lost");
        await RunOutAsync(connection.Id, ago: Wait + TimeSpan.FromMinutes(1));

        var answer = await ClaimOneAsync(connection.Id, version: 1);

        var claim = Assert.IsType<ClaimAnswer.Taken>(answer).Claim;
        Assert.Equal((1, 2L), (claim.OpenIntents, claim.Fence));
        Assert.NotNull(claim.InDoubtSince);
        var attempt = await Stores.Attempts.GetAsync(lost.AttemptId, default);
        Assert.Equal((RefreshClass.OutcomeUnknown, connection.Id), (attempt!.Class, attempt.ConnectionId));
    }

    private Task<ClaimAnswer> ClaimOneAsync(ConnectionId id, int version) =>
        Refresh.ClaimOneAsync(id, version, Given.Terms(Now), Wait, default);
}
