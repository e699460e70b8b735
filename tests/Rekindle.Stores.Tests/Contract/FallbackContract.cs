using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>The refresh token and the one before it change places, and back (I8).</summary>
[Trait("Req", "I8"), Trait("Failure", "F10")]
public abstract class FallbackContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task The_two_change_places_and_nothing_else_about_the_tokens_changes()
    {
        var (id, sent) = await RotateAsync();

        var result = await CommitAsync(FallBack(await ClaimAsync(id)));

        var after = await GetAsync(id);
        Assert.Equal(CommitResult.Applied, result);
        Assert.Equal(("refresh-1", "refresh-2", Fallback.InUse), Brief(after.Tokens!));
        Assert.Equal((1, 2, "access-2", sent), (after.Tokens!.GrantNo, after.Tokens.Version, Given.Text(after.Tokens.AccessToken), after.Tokens.PreviousSentAt));
        Assert.Equal((Now, null, false, ConnectionStatus.Active), (after.DueAt, after.LeaseUntil, after.VerdictHeld, after.Connection.Status));
    }

    [Fact]
    public async Task Every_claim_says_so()
    {
        var (id, _) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));

        var due = Assert.Single(await ClaimDueAsync());
        await RunOutAsync(id, TimeSpan.Zero);
        var open = Assert.Single(await Refresh.ClaimOpenIntentsAsync(new(Given.Worker, "1.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 10)]), default));

        Assert.Equal(("refresh-1", "refresh-2", Fallback.InUse), Brief(due.Tokens));
        Assert.Equal(("refresh-1", "refresh-2", Fallback.InUse), Brief(open.Tokens));
    }

    [Fact]
    public async Task Trouble_leaves_them_where_they_are()
    {
        var (id, _) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));

        await CommitAsync(Given.Trouble(await ClaimAsync(id), Now));

        Assert.Equal(("refresh-1", "refresh-2", Fallback.InUse), Brief((await GetAsync(id)).Tokens!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_verdict_puts_the_newest_back_and_it_stays(bool isHeld)
    {
        var (id, _) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));
        var death = Given.Death(await ClaimAsync(id), Now) with { Fallback = Fallback.Spent };

        await CommitAsync(isHeld
            ? death with { Status = null, DisconnectReason = null, Dependents = null, Opens = [], Holds = new(DisconnectReason.GrantInvalid, Now.AddMinutes(1), Given.Draft()) }
            : death);

        Assert.Equal(("refresh-2", "refresh-1", Fallback.Spent), Brief((await GetAsync(id)).Tokens!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Said_twice_it_is_done_once(bool withoutRecord)
    {
        var (id, _) = await RotateAsync();
        var claim = await ClaimAsync(id);
        if (withoutRecord)
        {
            // The log refuses it; the second time nothing says that there was a first.
            await Stores.Attempts.AppendAsync([Commits.Attempt(claim, Now) with { Decision = "something else" }], default);
        }

        var first = await CommitAsync(FallBack(claim));
        var second = await CommitAsync(FallBack(claim));

        Assert.Equal((CommitResult.Applied, CommitResult.Applied), (first, second));
        Assert.Equal(("refresh-1", "refresh-2", Fallback.InUse), Brief((await GetAsync(id)).Tokens!));
    }

    [Fact]
    public async Task Without_a_token_before_it_the_one_there_is_stays()
    {
        var connection = await ConnectDueAsync();

        await CommitAsync(FallBack(await ClaimAsync(connection.Id)));

        Assert.Equal(("refresh-1", null, null), Brief((await GetAsync(connection.Id)).Tokens!));
    }

    [Fact]
    public async Task A_rotation_ends_it_and_remembers_when_the_token_was_first_used()
    {
        var (id, sent) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));
        Clock.Advance(Hour);

        await CommitAsync(Given.Success(await ClaimAsync(id), Now, "3"));

        var after = (await GetAsync(id)).Tokens!;
        Assert.Equal(("refresh-3", "refresh-1", null), Brief(after));
        Assert.Equal((3, sent), (after.Version, after.PreviousSentAt));
    }

    [Fact]
    public async Task A_success_without_rotation_makes_the_older_one_the_token()
    {
        var (id, _) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));
        var plain = Given.Success(await ClaimAsync(id), Now, "3");

        await CommitAsync(plain with { Tokens = plain.Tokens! with { RefreshToken = null } });

        var after = (await GetAsync(id)).Tokens!;
        Assert.Equal(("refresh-1", null, null), Brief(after));
        Assert.Null(after.PreviousSentAt);
    }

    [Fact]
    public async Task A_success_of_the_newest_after_all_ends_it_too()
    {
        var (id, _) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));
        await CommitAsync(Given.Trouble(await ClaimAsync(id), Now) with { Fallback = Fallback.Spent });
        Clock.Advance(Hour);

        await CommitAsync(Given.Success(await ClaimAsync(id), Now, "3"));

        var after = (await GetAsync(id)).Tokens!;
        Assert.Equal(("refresh-3", "refresh-2", null), Brief(after));
        Assert.Equal(Now, after.PreviousSentAt);
    }

    [Fact]
    public async Task A_journalled_success_ends_it_as_a_committed_one_does()
    {
        var (id, sent) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));
        Clock.Advance(Hour);
        var success = Given.Success(await ClaimAsync(id), Now, "3");

        await Refresh.ReplayAsync([JournalledResult.Of(success)], Now, default);

        var after = (await GetAsync(id)).Tokens!;
        Assert.Equal(("refresh-3", "refresh-1", null), Brief(after));
        Assert.Equal(sent, after.PreviousSentAt);
    }

    [Fact]
    public async Task A_new_grant_ends_it()
    {
        var (id, _) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));

        await Connections.SaveGrantAsync(Given.Grant(Mail, (await GetAsync(id)).Connection.Key.Subject, Now), default);

        Assert.Equal(("refresh-2", null, null), Brief((await GetAsync(id)).Tokens!));
    }

    [Fact]
    public async Task An_erasure_leaves_nothing_of_it()
    {
        var (id, _) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));
        await Connections.ApplyAsync(id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), Now, default);

        await Connections.EraseTokensAsync(id, Now, default);

        Assert.Equal(0L, await QueryAsync<long>("select count(*) from token_sets where fallback is not null or previous_refresh_token is not null"));
    }

    [Fact, Trait("Req", "I6")]
    public async Task A_successor_that_came_late_is_taken_instead()
    {
        var (id, _) = await RotateAsync();
        var late = Given.Success(await ClaimAsync(id, "gone"), Now, "late");
        await RunOutAsync(id, TimeSpan.Zero);
        var taken = Assert.Single(await Refresh.ClaimOpenIntentsAsync(new(Given.Worker, "1.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 10)]), default));
        Assert.Equal(CommitResult.LeaseLost, await CommitAsync(late));

        Assert.Equal(CommitResult.Superseded, await CommitAsync(FallBack(taken)));

        Assert.Equal(("refresh-late", "refresh-2", null), Brief((await GetAsync(id)).Tokens!));
    }

    [Fact, Trait("Req", "I2")]
    public async Task A_lever_that_came_meanwhile_leaves_them_where_they_are()
    {
        var (id, _) = await RotateAsync();
        var claim = await ClaimAsync(id);
        await Connections.ApplyAsync(id, new LeverChange.Disable(), Now, default);

        await CommitAsync(FallBack(claim));

        Assert.Equal(("refresh-2", "refresh-1", null), Brief((await GetAsync(id)).Tokens!));
    }

    [Fact, Trait("Req", "F4")]
    public async Task A_connection_that_a_replica_forgot_comes_back_with_it()
    {
        var (id, sent) = await RotateAsync();
        await CommitAsync(FallBack(await ClaimAsync(id)));
        var fallen = await GetAsync(id);
        await Connections.DeleteAsync(id, "forgotten", Now, default);
        await Stores.Database.WriteAsync(session => session.ExecuteAsync("delete from tombstones"), default);

        Assert.Equal(1, await Connections.RestoreAsync([fallen], Now, default));

        var after = (await GetAsync(id)).Tokens!;
        Assert.Equal(("refresh-1", "refresh-2", Fallback.InUse), Brief(after));
        Assert.Equal(sent, after.PreviousSentAt);
    }

    [Fact, Trait("Req", "I7")]
    public async Task A_token_that_was_in_doubt_counts_as_used_since_then()
    {
        var connection = await ConnectDueAsync();
        var doubted = Now;
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with { InDoubtSince = doubted });
        Clock.Advance(TimeSpan.FromMinutes(6));

        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now, "2"));

        Assert.Equal(doubted, (await GetAsync(connection.Id)).Tokens!.PreviousSentAt);
    }

    // A connection whose refresh token was rotated once, and when the first was sent.
    private async Task<(ConnectionId Id, DateTimeOffset Sent)> RotateAsync()
    {
        var connection = await ConnectDueAsync();
        var sent = Now;
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), sent, "2"));
        Clock.Advance(Hour);
        return (connection.Id, sent);
    }

    private RefreshCommit FallBack(Claim claim) => Given.Trouble(claim, Now) with { Fallback = Fallback.InUse, DueAt = Now, NextRetryAt = null };

    private static (string? Refresh, string? Previous, Fallback? Fallback) Brief(TokenSet tokens) =>
        (Given.Text(tokens.RefreshToken), Given.Text(tokens.PreviousRefreshToken), tokens.Fallback);
}
