using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>What a result changes when its parent stands: everything that belongs to it, together (DESIGN §1 step 7).</summary>
public abstract class CommitContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "E2")]
    public async Task A_success_stores_everything_it_brought()
    {
        var connection = await ConnectDueAsync();
        var claim = await ClaimAsync(connection.Id);
        Clock.Advance(TimeSpan.FromSeconds(2));

        var result = await CommitAsync(Given.Success(claim, Now));

        Assert.Equal(CommitResult.Applied, result);
        var after = await GetAsync(connection.Id);
        Assert.Equal((1, 2), (after.Tokens!.GrantNo, after.Tokens.Version));
        Assert.Equal("access-new", Given.Text(after.Tokens.AccessToken));
        Assert.Equal("refresh-new", Given.Text(after.Tokens.RefreshToken));
        Assert.Equal((Now, Now.AddHours(1), ExpirySource.ExpiresIn), (after.Tokens.IssuedAt, after.Tokens.ExpiresAt, after.Tokens.ExpirySource));
        Assert.Equal((Now.AddMinutes(50), null), (after.DueAt, after.LeaseUntil));
        Assert.Equal((ConnectionStatus.Active, Now, Now), (after.Connection.Status, after.Connection.LastRefreshedAt, after.Connection.UpdatedAt));
    }

    [Fact, Trait("Req", "D1")]
    public async Task The_attempt_is_recorded_with_the_result()
    {
        var claim = await ClaimAsync((await ConnectDueAsync()).Id);
        var commit = Given.Success(claim, Now);

        await CommitAsync(commit);

        var attempt = await Stores.Attempts.GetAsync(claim.AttemptId, default);
        Assert.Equal(commit.Attempt, attempt! with { Position = 0 });
    }

    [Fact, Trait("Req", "C1")]
    public async Task A_success_after_trouble_clears_what_the_trouble_left()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with
        {
            ConsecutiveFailures = 2,
            Strikes = 1,
            FirstStrikeAt = Now,
            LastStrikeAt = Now,
            Opens = [Given.Draft(NotificationKind.Warning)],
        });

        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));

        var after = (await GetAsync(connection.Id)).Connection;
        Assert.Equal((0, 0, 0), (after.ConsecutiveFailures, after.ConsecutiveTransientFailures, after.Strikes));
        Assert.Equal((null, null, null, null), (after.FirstStrikeAt, after.LastStrikeAt, after.NextRetryAt, after.LastRefreshError));
        Assert.Equal((null, null), (after.DisconnectReason, after.DegradedAt));
        Assert.Equal(Now, after.LastFailureAt);
        Assert.Empty(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
    }

    [Fact, Trait("Req", "C1"), Trait("Failure", "F44")]
    public async Task A_failure_writes_counters_and_back_off_and_touches_no_token()
    {
        var connection = await ConnectDueAsync();
        var before = (await GetAsync(connection.Id)).Tokens;

        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now));

        var after = await GetAsync(connection.Id);
        Assert.Equal((1, 1), (after.Tokens!.GrantNo, after.Tokens.Version));
        Assert.Equal(Given.Text(before!.RefreshToken), Given.Text(after.Tokens.RefreshToken));
        Assert.Equal((0, 1), (after.Connection.ConsecutiveFailures, after.Connection.ConsecutiveTransientFailures));
        Assert.Equal((Now.AddMinutes(1), Now.AddMinutes(1)), (after.Connection.NextRetryAt, after.DueAt));
        Assert.Equal("provider_unavailable: 503", after.Connection.LastRefreshError);
        Assert.Null(after.Connection.LastRefreshedAt);
    }

    [Fact, Trait("Req", "A7")]
    public async Task A_dead_grant_needs_its_user_and_is_never_due_again()
    {
        var connection = await ConnectDueAsync();

        await CommitAsync(Given.Death(await ClaimAsync(connection.Id), Now) with { DueAt = Now });

        var after = await GetAsync(connection.Id);
        Assert.Equal(
            (ConnectionStatus.NeedsReauthorization, DisconnectReason.GrantInvalid), (after.Connection.Status, after.Connection.DisconnectReason));
        Assert.Null(after.DueAt);
        Assert.NotNull(after.Tokens!.RefreshToken);
        Assert.Equal(0, await Refresh.DegradeExpiredAsync(Now.AddDays(1), 10, default));
    }

    [Fact, Trait("Req", "F4"), Trait("Failure", "F33")]
    public async Task An_answer_without_refresh_token_keeps_the_one_there_is()
    {
        var connection = await ConnectDueAsync(g => g with { RefreshTokenExpiresAt = Now.AddDays(90), Scopes = ["mail"] });
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);

        await CommitAsync(commit with { Tokens = commit.Tokens! with { RefreshToken = null, RefreshTokenExpiresAt = null, Scopes = null } });

        var after = (await GetAsync(connection.Id)).Tokens!;
        Assert.Equal("refresh-1", Given.Text(after.RefreshToken));
        Assert.Equal(Now.AddDays(90), after.RefreshTokenExpiresAt);
        Assert.Equal(["mail"], after.Scopes);
        Assert.Equal(2, after.Version);
    }

    [Fact, Trait("Req", "E5")]
    public async Task What_an_answer_states_replaces_what_was_known()
    {
        var connection = await ConnectDueAsync(g => g with { RefreshTokenExpiresAt = Now.AddDays(90), Scopes = ["mail", "calendar"] });
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);

        await CommitAsync(commit with
        {
            Tokens = commit.Tokens! with
            {
                RefreshTokenExpiresAt = Now.AddDays(30),
                Scopes = ["mail"],
                TokenType = "DPoP",
                ExpiresAt = null,
                ExpirySource = ExpirySource.Immortal,
            },
        });

        var after = (await GetAsync(connection.Id)).Tokens!;
        Assert.Equal((Now.AddDays(30), null), (after.RefreshTokenExpiresAt, after.ExpiresAt));
        Assert.Equal(("DPoP", ExpirySource.Immortal), (after.TokenType, after.ExpirySource));
        Assert.Equal(["mail"], after.Scopes);
    }

    [Fact, Trait("Req", "F4"), Trait("Failure", "F10")]
    public async Task A_rotated_token_keeps_its_predecessor_until_it_has_worked_once()
    {
        var connection = await ConnectDueAsync();
        var sent = Now;
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), sent, "2"));
        var afterRotation = (await GetAsync(connection.Id)).Tokens!;
        Clock.Advance(TimeSpan.FromHours(1));

        var plain = Given.Success(await ClaimAsync(connection.Id), Now, "3");
        await CommitAsync(plain with { Tokens = plain.Tokens! with { RefreshToken = null } });

        Assert.Equal(("refresh-1", sent), (Given.Text(afterRotation.PreviousRefreshToken), afterRotation.PreviousSentAt));
        var afterUse = (await GetAsync(connection.Id)).Tokens!;
        Assert.Equal(("refresh-2", null, null), (Given.Text(afterUse.RefreshToken), Given.Text(afterUse.PreviousRefreshToken), afterUse.PreviousSentAt));
    }

    [Fact, Trait("Req", "F4"), Trait("Failure", "F10")]
    public async Task A_second_rotation_moves_the_predecessor_on()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now, "2"));
        Clock.Advance(TimeSpan.FromHours(1));

        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now, "3"));

        var after = (await GetAsync(connection.Id)).Tokens!;
        Assert.Equal(("refresh-3", "refresh-2", Now), (Given.Text(after.RefreshToken), Given.Text(after.PreviousRefreshToken), after.PreviousSentAt));
    }

    [Fact, Trait("Req", "F4"), Trait("Failure", "F10")]
    public async Task A_failure_leaves_the_predecessor_alone()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now, "2"));

        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now));

        Assert.Equal("refresh-1", Given.Text((await GetAsync(connection.Id)).Tokens!.PreviousRefreshToken));
    }

    [Fact, Trait("Req", "B3")]
    public async Task Values_that_come_with_an_answer_are_merged_into_the_variables()
    {
        var connection = await ConnectDueAsync(
            g => g with { Variables = new Dictionary<string, string> { ["region"] = "eu", ["instance_url"] = "https://old.example" } });

        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now) with
        {
            Variables = new Dictionary<string, string> { ["instance_url"] = "https://new.example" },
        });

        var after = (await GetAsync(connection.Id)).Connection.Variables;
        Assert.Equal(("eu", "https://new.example"), (after["region"], after["instance_url"]));
    }

    [Fact, Trait("Req", "A9")]
    public async Task Dependents_follow_in_the_same_transaction()
    {
        var connection = await ConnectDueAsync();
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "watcher", Label = "Email sync" }, Now, default);
        Clock.Advance(TimeSpan.FromMinutes(1));

        await CommitAsync(Given.Death(await ClaimAsync(connection.Id), Now));

        var paused = Assert.Single(await Stores.Dependents.ListAsync(connection.Id, default));
        Assert.Equal((DependentState.Paused, Now), (paused.State, paused.StateSince));
    }

    [Fact, Trait("Req", "A9")]
    public async Task A_stored_token_ends_degradation_for_the_connection_and_its_dependents()
    {
        var connection = await ConnectDueAsync(g => g with { ExpiresAt = Now.AddMinutes(1) });
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "watcher", Label = "Email sync" }, Now, default);
        Clock.Advance(TimeSpan.FromMinutes(2));
        await Refresh.DegradeExpiredAsync(Now, 10, default);

        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now) with { Status = null, Dependents = null });

        var after = (await GetAsync(connection.Id)).Connection;
        Assert.Equal((ConnectionStatus.Active, null), (after.Status, after.DegradedAt));
        Assert.Equal(DependentState.Active, Assert.Single(await Stores.Dependents.ListAsync(connection.Id, default)).State);
    }

    [Fact, Trait("Req", "A9")]
    public async Task A_failure_that_began_before_the_token_ended_does_not_take_back_the_date_of_degradation()
    {
        var connection = await ConnectDueAsync(g => g with { ExpiresAt = Now.AddSeconds(5) });
        var claim = await ClaimAsync(connection.Id);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Refresh.DegradeExpiredAsync(Now, 10, default);

        await CommitAsync(Given.Trouble(claim, Now));

        var after = (await GetAsync(connection.Id)).Connection;
        Assert.Equal((ConnectionStatus.Degraded, claim.Tokens.ExpiresAt), (after.Status, after.DegradedAt));
    }

    [Fact, Trait("Req", "C3")]
    public async Task A_message_is_open_once_per_connection_and_kind_and_counts_up()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with { Opens = [Given.Draft(NotificationKind.Warning)] });
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with
        {
            Opens = [Given.Draft(NotificationKind.Warning) with { Text = "Again." }, Given.Draft(NotificationKind.TransientNote)],
        });

        var open = await Stores.Notifications.ListAsync(Environment, openOnly: true, connection.Id, null, 10, default);

        Assert.Equal(
            [(NotificationKind.TransientNote, 1, "Connect it again."), (NotificationKind.Warning, 2, "Again.")],
            open.Select(n => (n.Kind, n.Count, n.Text)));
        Assert.All(open, n => Assert.Equal(("mail", connection.Id, Now, null), (n.Integration, n.ConnectionId, n.OpenedAt, n.ClosedAt)));
    }

    [Fact, Trait("Req", "C3")]
    public async Task A_closed_message_opens_anew_as_another()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with { Opens = [Given.Draft(NotificationKind.Warning)] });
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with { Opens = [Given.Draft(NotificationKind.Warning)] });

        var all = await Stores.Notifications.ListAsync(Environment, openOnly: false, connection.Id, null, 10, default);

        Assert.Equal([null, Now], all.Select(n => n.ClosedAt));
    }

    [Fact, Trait("Req", "A11")]
    public async Task The_doubt_about_a_token_is_stored_and_shown_to_the_next_claim()
    {
        var connection = await ConnectDueAsync();

        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with { InDoubtSince = Now, OpenIntents = 2 });

        var claim = await ClaimAsync(connection.Id);
        Assert.Equal((Now, 2), (claim.InDoubtSince, claim.OpenIntents));
    }

    [Fact, Trait("Req", "A11")]
    public async Task The_change_feed_tells_of_the_new_version()
    {
        var connection = await ConnectDueAsync();
        var start = await Stores.Changes.LastPositionAsync(default);

        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));

        var change = Assert.Single(await Stores.Changes.ReadAsync(start, [], 10, default));
        Assert.Equal((ChangeKind.Connection, connection.Id, 2), (change.Kind, change.ConnectionId, change.Version));
    }

    [Fact, Trait("Req", "D1"), Trait("Req", "D7")]
    public async Task Provider_text_with_NUL_neither_fails_nor_reaches_the_database()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Trouble(await ClaimAsync(connection.Id), Now) with { LastRefreshError = "a\0b" };

        await CommitAsync(commit with { Attempt = commit.Attempt with { Error = "c\0d", Response = "{\"x\":\"\0\"}" } });

        Assert.Equal("ab", (await GetAsync(connection.Id)).Connection.LastRefreshError);
        Assert.Equal("cd", (await Stores.Attempts.GetAsync(commit.Attempt.Id, default))!.Error);
    }

    [Fact, Trait("Req", "E2")]
    public async Task A_batch_answers_for_each_commit_in_the_order_given()
    {
        var claims = new List<Claim>();
        for (var i = 0; i < 6; i++)
        {
            claims.Add(await ClaimAsync((await ConnectDueAsync()).Id));
        }

        await Connections.SaveGrantAsync(Given.Grant(Mail, claims[1].Connection.Key.Subject, Now), default);
        await Connections.DeleteAsync(claims[4].Connection.Id, "test", Now, default);

        var results = await Refresh.CommitAsync([.. claims.Select(c => Given.Success(c, Now))], default);

        Assert.Equal(
            [CommitResult.Applied, CommitResult.Superseded, CommitResult.Applied, CommitResult.Applied, CommitResult.LeaseLost, CommitResult.Applied],
            results);
        foreach (var applied in new[] { 0, 2, 3, 5 })
        {
            Assert.Equal(2, (await GetAsync(claims[applied].Connection.Id)).Tokens!.Version);
        }
    }

    [Fact, Trait("Req", "E2")]
    public async Task An_empty_batch_is_no_work() => Assert.Empty(await Refresh.CommitAsync([], default));
}
