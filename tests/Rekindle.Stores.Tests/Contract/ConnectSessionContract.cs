using Rekindle.Connections;
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
            CompletionHash = [3],
            ConnectionId = id,
            ErrorCode = "access_denied",
            Error = "Nein danke",
        };
        await Sessions.CreateAsync(given, default);

        var read = (await Sessions.FindAsync(given.Id, default))!;

        Assert.Equal(Comparable(given), Comparable(read));
        Assert.Equal(("sales", "acme", "verifier"), (read.Metadata["team"], read.Variables["shop"], Given.Text(read.Verifier)));
        Assert.Equal<byte>([1, 2, 3], [.. read.StateHash!, .. read.BrowserHash!, .. read.CompletionHash!]);
    }

    [Fact, Trait("Req", "E3")]
    public async Task What_is_absent_stays_absent()
    {
        await Sessions.CreateAsync(Session(), default);

        var read = (await Sessions.FindAsync("session-1", default))!;

        Assert.Equal(Comparable(Session()), Comparable(read));
        Assert.Null(read.Verifier);
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

        Assert.False(await Sessions.AdvanceAsync(started, ConnectState.Started, default));
        Assert.True(await Sessions.AdvanceAsync(started, ConnectState.Pending, default));
        Assert.False(await Sessions.AdvanceAsync(started with { StateHash = [8] }, ConnectState.Pending, default));

        var read = (await Sessions.FindAsync("session-1", default))!;
        Assert.Equal((ConnectState.Started, "mail", "v"), (read.State, read.Integration, Given.Text(read.Verifier)));
        Assert.Equal<byte>([7], read.StateHash!);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Of_two_callbacks_at_the_same_time_one_exchanges_the_code()
    {
        await Sessions.CreateAsync(Session() with { State = ConnectState.Started }, default);
        var others = Enumerable.Range(0, 8).Select(_ => OpenAnother().ConnectSessions).ToArray();

        var advanced = await Task.WhenAll(others.Select(o => Task.Run(
            () => o.AdvanceAsync(Session() with { State = ConnectState.Exchanging }, ConnectState.Started, default))));

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
    };
}
