using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>New grants: connecting, reconnecting, importing (I5, I9, C7, F78).</summary>
public abstract class GrantContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "E3")]
    public async Task A_first_grant_makes_a_connection_with_all_it_was_given()
    {
        var grant = Given.Grant(Mail, "anna", Now) with
        {
            Key = new(Environment, "mail", "acme", "anna", "write", "sales@acme.example"),
            RefreshTokenExpiresAt = Now.AddDays(90),
            Scopes = ["mail", "offline"],
            TokenType = "DPoP",
            ProviderAccountId = "42",
            ProviderAccountName = "anna@acme.example",
            Label = "Anna",
            Metadata = new Dictionary<string, string> { ["team"] = "sales" },
            Variables = new Dictionary<string, string> { ["shop"] = "acme" },
            GrantedAt = Now.AddMinutes(-1),
            Jitter = 7,
        };
        grant = grant with { NewId = ConnectionId.New(grant.Key) };

        var snapshot = Assert.IsType<GrantResult.Created>(await Connections.SaveGrantAsync(grant, default)).Snapshot;

        var c = snapshot.Connection;
        Assert.Equal((grant.NewId, grant.Key, Mail.Id, ConnectionStatus.Active), (c.Id, c.Key, c.IntegrationId, c.Status));
        Assert.Equal(("42", "anna@acme.example", "Anna"), (c.ProviderAccountId, c.ProviderAccountName, c.Label));
        Assert.Equal(("sales", "acme"), (c.Metadata["team"], c.Variables["shop"]));
        Assert.Equal((Now, Now, null), (c.CreatedAt, c.UpdatedAt, c.LastRefreshedAt));
        var t = snapshot.Tokens!;
        Assert.Equal((1, 1, "access-1", "refresh-1"), (t.GrantNo, t.Version, Given.Text(t.AccessToken), Given.Text(t.RefreshToken)));
        Assert.Equal((Now, Now.AddHours(1), ExpirySource.ExpiresIn), (t.IssuedAt, t.ExpiresAt, t.ExpirySource));
        Assert.Equal((Now.AddDays(90), Now.AddMinutes(-1)), (t.RefreshTokenExpiresAt, t.GrantedAt));
        Assert.Equal(("DPoP", "client"), (t.TokenType, t.ClientId));
        Assert.Equal(["mail", "offline"], t.Scopes);
        Assert.Equal((Now.AddMinutes(50), null), (snapshot.DueAt, snapshot.LeaseUntil));
    }

    [Fact, Trait("Req", "C7"), Trait("Failure", "F79")]
    public async Task Reconnecting_keeps_id_metadata_label_and_variables_and_takes_the_new_tokens()
    {
        var first = await ConnectAsync(g => g with
        {
            Label = "Anna",
            Metadata = new Dictionary<string, string> { ["team"] = "sales" },
            Variables = new Dictionary<string, string> { ["shop"] = "acme", ["region"] = "eu" },
        });
        Clock.Advance(TimeSpan.FromDays(1));

        var result = await ReconnectAsync(first, g => g with { Variables = new Dictionary<string, string> { ["region"] = "us" } });

        var after = Assert.IsType<GrantResult.Replaced>(result).Snapshot;
        Assert.Equal((first.Id, first.CreatedAt, Now), (after.Connection.Id, after.Connection.CreatedAt, after.Connection.UpdatedAt));
        Assert.Equal(("Anna", "sales"), (after.Connection.Label, after.Connection.Metadata["team"]));
        Assert.Equal(("acme", "us"), (after.Connection.Variables["shop"], after.Connection.Variables["region"]));
        Assert.Equal((2, 2, "refresh-2"), (after.Tokens!.GrantNo, after.Tokens.Version, Given.Text(after.Tokens.RefreshToken)));
    }

    [Fact, Trait("Req", "C7")]
    public async Task Label_and_metadata_that_are_given_replace_the_old_ones()
    {
        var first = await ConnectAsync(g => g with { Label = "Anna", Metadata = new Dictionary<string, string> { ["team"] = "sales" } });

        await ReconnectAsync(first, g => g with { Label = "Bert", Metadata = new Dictionary<string, string> { ["floor"] = "3" } });

        var after = (await GetAsync(first.Id)).Connection;
        Assert.Equal("Bert", after.Label);
        Assert.Equal([KeyValuePair.Create("floor", "3")], after.Metadata);
    }

    [Fact, Trait("Req", "C7"), Trait("Req", "C1")]
    public async Task Reconnecting_resets_counters_resumes_dependents_and_closes_messages()
    {
        var connection = await ConnectDueAsync();
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "watcher", Label = "Email sync" }, Now, default);
        await CommitAsync(Given.Death(await ClaimAsync(connection.Id), Now) with { Strikes = 3, ConsecutiveTransientFailures = 4, DegradedAt = Now });

        await ReconnectAsync(connection);

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Active, Now.AddMinutes(50)), (after.Connection.Status, after.DueAt));
        Assert.Equal((0, 0, 0), (after.Connection.ConsecutiveFailures, after.Connection.ConsecutiveTransientFailures, after.Connection.Strikes));
        Assert.Equal((null, null, null), (after.Connection.LastRefreshError, after.Connection.DisconnectReason, after.Connection.DegradedAt));
        Assert.Equal(DependentState.Active, Assert.Single(await Stores.Dependents.ListAsync(connection.Id, default)).State);
        Assert.Empty(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
    }

    [Fact, Trait("Req", "C7")]
    public async Task Reconnecting_ends_the_doubt_about_the_old_token()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with { InDoubtSince = Now, OpenIntents = 2 });

        await ReconnectAsync(connection);

        var after = await GetAsync(connection.Id);
        Assert.Equal((null, 0), (after.InDoubtSince, after.OpenIntents));
    }

    [Fact, Trait("Req", "C7")]
    public async Task A_new_grant_without_refresh_token_has_none()
    {
        var connection = await ConnectAsync();
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));

        await ReconnectAsync(connection, g => g with { Seal = (_, no) => new(Given.Sealed($"access-{no}"), null), DueAt = null });

        var after = await GetAsync(connection.Id);
        Assert.Equal((null, null, null), (after.Tokens!.RefreshToken, after.Tokens.PreviousRefreshToken, after.DueAt));
    }

    [Fact, Trait("Req", "F8")]
    public async Task An_import_that_must_not_replace_says_what_is_there_and_changes_nothing()
    {
        var connection = await ConnectAsync(g => g with { ProviderAccountId = "42" });
        var position = await Stores.Changes.LastPositionAsync(default);
        Clock.Advance(TimeSpan.FromDays(7));

        var result = await ReconnectAsync(connection, g => g with { IfExists = IfExists.Refuse, ProviderAccountId = "43", Label = "Other" });

        var after = Assert.IsType<GrantResult.Exists>(result).Snapshot;
        Assert.Equal(connection.UpdatedAt, after.Connection.UpdatedAt);
        Assert.Equal((1, 1, null), (after.Tokens!.GrantNo, after.Tokens.Version, after.Connection.Label));
        Assert.Equal(position, await Stores.Changes.LastPositionAsync(default));
    }

    [Fact, Trait("Req", "C7"), Trait("Failure", "F78")]
    public async Task Another_account_does_not_take_a_connection_over()
    {
        var connection = await ConnectAsync(g => g with { ProviderAccountId = "42" });

        var result = await ReconnectAsync(connection, g => g with { ProviderAccountId = "43" });

        Assert.Equal(1, Assert.IsType<GrantResult.AnotherAccount>(result).Snapshot.Tokens!.GrantNo);
        Assert.Equal(("42", 1), ((await GetAsync(connection.Id)).Connection.ProviderAccountId, (await GetAsync(connection.Id)).Tokens!.Version));
    }

    [Fact, Trait("Req", "C7"), Trait("Failure", "F78")]
    public async Task Another_account_may_take_it_over_when_that_is_allowed()
    {
        var connection = await ConnectAsync(g => g with { ProviderAccountId = "42" });

        await ReconnectAsync(connection, g => g with { ProviderAccountId = "43", ProviderAccountName = "bert", AllowAccountChange = true });

        var after = (await GetAsync(connection.Id)).Connection;
        Assert.Equal(("43", "bert"), (after.ProviderAccountId, after.ProviderAccountName));
    }

    [Theory, Trait("Req", "C7"), Trait("Failure", "F78")]
    [InlineData(null, "43", "43")]
    [InlineData("42", null, "42")]
    [InlineData("42", "42", "42")]
    public async Task An_unknown_account_is_pinned_when_it_becomes_known_and_stays(string? pinned, string? given, string expected)
    {
        var connection = await ConnectAsync(g => g with { ProviderAccountId = pinned });

        Assert.IsType<GrantResult.Replaced>(await ReconnectAsync(connection, g => g with { ProviderAccountId = given }));

        Assert.Equal(expected, (await GetAsync(connection.Id)).Connection.ProviderAccountId);
    }

    [Fact, Trait("Req", "A2")]
    public async Task A_due_time_in_the_past_becomes_now() =>
        Assert.Equal(Now, (await GetAsync((await ConnectAsync(g => g with { DueAt = Now.AddDays(-1) })).Id)).DueAt);

    [Fact, Trait("Req", "D4")]
    public async Task Material_is_sealed_for_the_connection_and_grant_it_ends_up_with()
    {
        var connection = await ConnectAsync();
        var sealedFor = new List<(ConnectionId, int)>();

        await ReconnectAsync(connection, g => g with
        {
            Seal = (id, no) =>
            {
                sealedFor.Add((id, no));
                return new(Given.Sealed("a"), Given.Sealed("r"));
            },
        });

        Assert.Equal((connection.Id, 2), Assert.Single(sealedFor));
    }

    [Fact, Trait("Req", "D4")]
    public async Task Numbers_never_come_again_after_an_erasure()
    {
        var connection = await ConnectAsync();
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));
        await Connections.ApplyAsync(connection.Id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), Now, default);
        await Connections.EraseTokensAsync(connection.Id, Now, default);

        var after = Assert.IsType<GrantResult.Replaced>(await ReconnectAsync(connection)).Snapshot;

        Assert.Equal(2, after.Tokens!.GrantNo);
        Assert.True(after.Tokens.Version > 2);
        Assert.Equal((ConnectionStatus.Active, null), (after.Connection.Status, after.Connection.DisconnectReason));
    }

    [Fact, Trait("Req", "E3")]
    public async Task Making_a_connection_and_replacing_its_grant_are_told_apart_in_the_feed()
    {
        var position = await Stores.Changes.LastPositionAsync(default);
        var connection = await ConnectAsync();
        await ReconnectAsync(connection);

        var changes = await Stores.Changes.ReadAsync(position, [], 10, default);

        Assert.Equal([(ChangeKind.ConnectionSet, 1), (ChangeKind.Connection, 2)], changes.Select(c => (c.Kind, c.Version)));
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_integration_that_is_not_there_gets_no_connections()
    {
        await Assert.ThrowsAsync<StoreException>(() => ConnectAsync(g => g with { IntegrationId = 4711 }));

        Assert.Equal(0, await Connections.CountAsync(new() { Environment = Environment }, 10, default));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Erasing_takes_the_material_of_a_revoked_connection_and_of_no_other()
    {
        var live = await ConnectAsync();
        var revoked = await ConnectAsync();
        await CommitAsync(Given.Success(await ClaimAsync(revoked.Id), Now));
        await Connections.ApplyAsync(revoked.Id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), Now, default);

        await Connections.EraseTokensAsync(live.Id, Now, default);
        await Connections.EraseTokensAsync(revoked.Id, Now, default);

        Assert.NotNull((await GetAsync(live.Id)).Tokens);
        Assert.Null((await GetAsync(revoked.Id)).Tokens);
        Assert.Equal(1L, await QueryAsync<object>(
            "select count(*) from token_sets where access_token is not null or refresh_token is not null or previous_refresh_token is not null"));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Deleting_leaves_a_tombstone_and_nothing_else()
    {
        var connection = await ConnectDueAsync();
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "watcher", Label = "Email sync" }, Now, default);
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with { Opens = [Given.Draft(NotificationKind.Warning)] });
        var position = await Stores.Changes.LastPositionAsync(default);

        Assert.True(await Connections.DeleteAsync(connection.Id, "asked for", Now, default));
        Assert.False(await Connections.DeleteAsync(connection.Id, "asked for", Now, default));

        Assert.Null(await Connections.GetAsync(connection.Id, default));
        foreach (var table in new[] { "connections", "token_sets", "refresh_schedule", "dependents" })
        {
            Assert.Equal(0L, await QueryAsync<object>($"select count(*) from {table}"));
        }

        Assert.Equal("asked for", await QueryAsync<string>("select reason from tombstones where connection_id = @id and grant_no = 1", ("id", connection.Id)));
        Assert.Empty(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
        Assert.Equal(ChangeKind.ConnectionWithheld, Assert.Single(await Stores.Changes.ReadAsync(position, [], 10, default)).Kind);
        Assert.NotEmpty(await Stores.Attempts.ListAsync(new() { Environment = Environment, ConnectionId = connection.Id }, null, 10, default));
    }

    [Fact, Trait("Req", "A12")]
    public async Task A_deleted_connection_can_be_made_again_and_is_another_one()
    {
        var connection = await ConnectAsync();
        await Connections.DeleteAsync(connection.Id, "asked for", Now, default);

        var result = await ReconnectAsync(connection);

        Assert.NotEqual(connection.Id, Assert.IsType<GrantResult.Created>(result).Snapshot.Connection.Id);
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_patch_changes_what_it_names_and_removes_what_it_nulls()
    {
        var connection = await ConnectAsync(g => g with
        {
            Label = "Anna",
            Metadata = new Dictionary<string, string> { ["team"] = "sales", ["floor"] = "3" },
        });
        Clock.Advance(TimeSpan.FromMinutes(1));

        var after = await Connections.PatchAsync(
            connection.Id, new(null, new Dictionary<string, string?> { ["floor"] = null, ["desk"] = "12" }), Now, default);

        Assert.Equal(("Anna", Now), (after!.Connection.Label, after.Connection.UpdatedAt));
        Assert.Equal([("desk", "12"), ("team", "sales")], after.Connection.Metadata.Select(p => (p.Key, p.Value)).Order());
        Assert.Equal("Bert", (await Connections.PatchAsync(connection.Id, new("Bert", null), Now, default))!.Connection.Label);
        Assert.Null(await Connections.PatchAsync(ConnectionId.New(Given.Key(Mail, "nobody")), new("x", null), Now, default));
    }

    private Task<GrantResult> ReconnectAsync(Connection connection, Func<NewGrant, NewGrant>? change = null)
    {
        var grant = Given.Grant(Mail, connection.Key.Subject, Now);
        return Connections.SaveGrantAsync(change is null ? grant : change(grant), default);
    }
}
