using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Connect flows, whose steps can each be taken once (E3).</summary>
public abstract class ConnectSessionContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private IConnectSessionStore Sessions => Stores.ConnectSessions;

    [Fact, Trait("Req", "E3")]
    public async Task Every_field_comes_back_as_it_was_written()
    {
        var id = ConnectionId.New(Given.Key(Mail, "anna"));
        var given = Session() with
        {
            Integration = "mail",
            Tenant = "acme",
            Purpose = "write",
            Account = "box-1",
            Reconnects = id,
            Metadata = new Dictionary<string, string> { ["team"] = "sales" },
            Variables = new Dictionary<string, string> { ["shop"] = "acme" },
            ReturnUrl = "https://app.example/back",
            ClientReference = "ref-1",
            AutoComplete = true,
            State = ConnectState.Failed,
            StateHash = [1],
            BrowserHash = [2],
            Verifier = Given.Sealed("verifier"),
            WaitingConsent = Given.Sealed("consent"),
            LinkExpiresAt = Now.AddMinutes(20),
            CompletionHash = [3],
            ConnectionId = id,
            ErrorCode = "access_denied",
            Error = "Nein danke",
        };
        await Sessions.CreateAsync(given, default);

        var read = (await Sessions.FindAsync(given.Id, default))!;

        Assert.Equal(Comparable(given), Comparable(read));
        Assert.Equal(("sales", "acme"), (read.Metadata["team"], read.Variables["shop"]));
        Assert.Equal(("verifier", "consent"), (Given.Text(read.Verifier), Given.Text(read.WaitingConsent)));
        Assert.Equal<byte>([1, 2, 3], [.. read.StateHash!, .. read.BrowserHash!, .. read.CompletionHash!]);
    }

    [Fact, Trait("Req", "E3")]
    public async Task What_is_absent_stays_absent()
    {
        await Sessions.CreateAsync(Session(), default);

        var read = (await Sessions.FindAsync("session-1", default))!;

        Assert.Equal(Comparable(Session()), Comparable(read));
        Assert.Null(read.Verifier);
        Assert.Null(read.WaitingConsent);
        Assert.Null(await Sessions.FindAsync("session-2", default));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_callback_finds_its_session_by_the_state_s_hash()
    {
        await Sessions.CreateAsync(Session() with { StateHash = [1, 2] }, default);
        await Sessions.CreateAsync(Session() with { Id = "session-2", StateHash = [1, 3] }, default);

        Assert.Equal("session-2", (await Sessions.FindByStateAsync([1, 3], default))!.Id);
        Assert.Null(await Sessions.FindByStateAsync([1], default));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_step_is_taken_from_the_state_it_starts_from_and_no_other()
    {
        await Sessions.CreateAsync(Session(), default);
        var started = Session() with { State = ConnectState.Started, StateHash = [7], Integration = "mail", Verifier = Given.Sealed("v") };

        Assert.False(await Sessions.AdvanceAsync(started, started, default));
        Assert.True(await Sessions.AdvanceAsync(Session(), started, default));
        Assert.False(await Sessions.AdvanceAsync(Session(), started with { StateHash = [8] }, default));

        var read = (await Sessions.FindAsync("session-1", default))!;
        Assert.Equal((ConnectState.Started, "mail", "v"), (read.State, read.Integration, Given.Text(read.Verifier)));
        Assert.Equal<byte>([7], read.StateHash!);
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_step_of_one_sign_in_is_not_taken_from_a_newer_one()
    {
        var read = Session() with { State = ConnectState.Started, StateHash = [7] };
        await Sessions.CreateAsync(read, default);
        Assert.True(await Sessions.AdvanceAsync(read, read with { StateHash = [8] }, default));

        Assert.False(await Sessions.AdvanceAsync(read, read with { Error = "late" }, default));

        Assert.Null((await Sessions.FindByStateAsync([8], default))!.Error);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Consents_that_nobody_completed_are_found_the_oldest_first()
    {
        var waiting = Session() with { State = ConnectState.AwaitingCompletion, WaitingConsent = Given.Sealed("consent"), ExpiresAt = Now.AddMinutes(-1) };
        await Sessions.CreateAsync(waiting with { Id = "late" }, default);
        await Sessions.CreateAsync(waiting with { Id = "later", ExpiresAt = Now.AddMinutes(-2) }, default);
        await Sessions.CreateAsync(waiting with { Id = "in time", ExpiresAt = Now }, default);
        await Sessions.CreateAsync(waiting with { Id = "without", WaitingConsent = null }, default);

        Assert.Equal(["later", "late"], (await Sessions.ListAbandonedAsync(Now, 10, default)).Select(s => s.Id));
        Assert.Equal(["later"], (await Sessions.ListAbandonedAsync(Now, 1, default)).Select(s => s.Id));
    }

    [Fact, Trait("Req", "E3"), Trait("Req", "I11")]
    public async Task A_waiting_consent_takes_the_place_of_the_grant_it_was_given_beside_and_ends_its_session()
    {
        var (connection, session) = await WaitingAsync();

        var result = await Connections.CompleteWaitingAsync(session, Done(session), Consent(connection), default);

        var after = Assert.IsType<GrantResult.Replaced>(result).Snapshot;
        Assert.Equal((ConnectionStatus.Active, 2, "box-2"), (after.Connection.Status, after.Tokens!.GrantNo, after.Connection.ProviderAccountId));
        Assert.Equal(ConnectState.Connected, (await Sessions.FindAsync(session.Id, default))!.State);
        Assert.Null(await Connections.CompleteWaitingAsync(session, Done(session), Consent(after), default));
        Assert.Equal(2, (await Connections.GetAsync(connection.Connection.Id, default))!.Tokens!.GrantNo);
    }

    [Theory, Trait("Req", "E3"), Trait("Req", "I11")]
    [InlineData("renewed")]
    [InlineData("revoked")]
    [InlineData("disabled")]
    [InlineData("deleted")]
    public async Task A_waiting_consent_leaves_a_connection_alone_that_is_no_longer_what_it_was(string what)
    {
        var (connection, session) = await WaitingAsync();
        var (id, grant) = (connection.Connection.Id, Consent(connection));
        Task change = what switch
        {
            "renewed" => Connections.SaveGrantAsync(Given.Grant(Mail, "anna", Now), default),
            "revoked" => Connections.ApplyAsync(id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), Now, default),
            "disabled" => Connections.ApplyAsync(id, new LeverChange.Disable(), Now, default),
            _ => Connections.DeleteAsync(id, "test", Now, default),
        };
        await change;
        var before = await Connections.GetAsync(id, default);

        var result = await Connections.CompleteWaitingAsync(session, Done(session), grant, default);

        Assert.Equal(what == "deleted", result is null);
        Assert.True(result is null or GrantResult.Exists, result?.ToString());
        var after = await Connections.GetAsync(id, default);
        Assert.Equal((before?.Connection.Status, before?.Tokens?.GrantNo), (after?.Connection.Status, after?.Tokens?.GrantNo));
        Assert.Equal(ConnectState.AwaitingCompletion, (await Sessions.FindAsync(session.Id, default))!.State);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Of_two_completions_at_the_same_time_one_stores_the_consent()
    {
        var (connection, session) = await WaitingAsync();
        var others = Enumerable.Range(0, 6).Select(_ => OpenAnother().Connections).ToArray();

        var results = await Task.WhenAll(others.Select(o => Task.Run(() => o.CompleteWaitingAsync(session, Done(session), Consent(connection), default))));

        Assert.Single(results, r => r is GrantResult.Replaced);
        Assert.Equal(2, (await Connections.GetAsync(connection.Connection.Id, default))!.Tokens!.GrantNo);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Of_two_callbacks_at_the_same_time_one_exchanges_the_code()
    {
        await Sessions.CreateAsync(Session() with { State = ConnectState.Started }, default);
        var others = Enumerable.Range(0, 8).Select(_ => OpenAnother().ConnectSessions).ToArray();

        var advanced = await Task.WhenAll(others.Select(o => Task.Run(
            () => o.AdvanceAsync(Session() with { State = ConnectState.Started }, Session() with { State = ConnectState.Exchanging }, default))));

        Assert.Single(advanced, a => a);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Sessions_that_ended_are_removed()
    {
        await Sessions.CreateAsync(Session() with { ExpiresAt = Now.AddMinutes(-1) }, default);
        await Sessions.CreateAsync(Session() with { Id = "session-2", ExpiresAt = Now }, default);

        await Sessions.PruneAsync(Now, default);

        Assert.Null(await Sessions.FindAsync("session-1", default));
        Assert.NotNull(await Sessions.FindAsync("session-2", default));
    }

    private ConnectSession Session() => new()
    {
        Id = "session-1",
        Environment = Environment,
        Subject = "anna",
        CreatedAt = Now,
        ExpiresAt = Now.AddMinutes(30),
        LinkExpiresAt = Now.AddMinutes(30),
    };

    private async Task<(ConnectionSnapshot Connection, ConnectSession Session)> WaitingAsync()
    {
        var connection = ((GrantResult.Created)await Connections.SaveGrantAsync(Given.Grant(Mail, "anna", Now), default)).Snapshot;
        var session = Session() with
        {
            State = ConnectState.AwaitingCompletion,
            StateHash = [7],
            WaitingConsent = Given.Sealed("consent"),
            ConnectionId = connection.Connection.Id,
        };
        await Sessions.CreateAsync(session, default);
        return (connection, session);
    }

    private static ConnectSession Done(ConnectSession session) => session with { State = ConnectState.Connected, WaitingConsent = null };

    private NewGrant Consent(ConnectionSnapshot beside) => Given.Grant(Mail, "anna", Now) with
    {
        ProviderAccountId = "box-2",
        AllowAccountChange = true,
        Replaces = ReplacedGrant.Of(beside),
    };

    // Maps, hashes and sealed values compare by reference: tests look at them one by one.
    private static ConnectSession Comparable(ConnectSession session) => session with
    {
        Metadata = Connection.Empty,
        Variables = Connection.Empty,
        StateHash = null,
        BrowserHash = null,
        CompletionHash = null,
        Verifier = null,
        WaitingConsent = null,
    };
}
