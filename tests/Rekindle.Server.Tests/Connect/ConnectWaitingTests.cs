using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.History;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Connect;

/// <summary>A consent beside a connection that lives: until it is completed it changes nothing, and dropped it was never there (I11).</summary>
public sealed class ConnectWaitingTests : IAsyncLifetime
{
    private readonly Person _person = new();
    private ConnectHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ConnectHost.StartAsync(i => i with { Policy = new() { AllowAccountChange = true } }, entry: EntryYaml.RevokesOneToken);
        _host.Server.Consent = ConsentPolicy.Allow;
    }

    public async ValueTask DisposeAsync()
    {
        _person.Dispose();
        await _host.DisposeAsync();
    }

    [Fact, Trait("Req", "E3"), Trait("Req", "I9"), Trait("Req", "I11")]
    public async Task A_consent_of_another_account_that_nobody_completes_takes_nothing_from_the_connection()
    {
        var before = await ConnectedAsync();
        var (session, _) = await ConsentAsync("bob");

        Assert.Equal(Of(before), Of(await NowAsync(before)));
        Assert.NotNull((await _host.AskAsync("default")).Token);
        _host.Clock.Advance(TimeSpan.FromMinutes(41));
        await _host.MaintainAsync();

        Assert.Equal(Of(before), Of(await NowAsync(before)));
        Assert.Equal(("expired", "not_completed"), await StandingAsync(session));
        await _host.Simulator.History.WaitForAsync(p => p.Endpoint == SimulatedEndpoint.Revoke, 1);
        Assert.Null((await _host.Get<IConnectSessionStore>().FindAsync(session, default))!.WaitingConsent);
    }

    [Fact, Trait("Req", "E3"), Trait("Req", "I11")]
    public async Task An_imported_connection_of_nobody_known_goes_on_until_the_consent_is_completed()
    {
        await _host.Get<ConnectionImporter>().ImportAsync(new ImportedGrant
        {
            Key = new ConnectionKey("production", "acme", "", "user-1", "default", ""),
            AccessToken = new Secret("imported-access"),
            RefreshToken = new Secret("imported-refresh"),
            ExpiresAt = _host.Clock.Now.AddHours(1),
        });
        var before = (await _host.Connections.GetAsync((await _host.ConnectionOfAsync())!.Id, default))!;
        var (session, code) = await ConsentAsync("alice");
        Assert.Equal(Of(before), Of(await NowAsync(before)));

        var (status, done) = await CompleteAsync(session, code);

        Assert.Equal((200, "connected"), (status, done));
        Assert.Equal((ConnectionStatus.Active, 2, "alice"), Of(await NowAsync(before)));
        Assert.Equal((409, "already_completed"), await CompleteAsync(session, code));
        Assert.Contains(await _host.Get<IAuditStore>().ListAsync("production", null, 10, default), e => e.Action == "connection.complete");
    }

    [Fact, Trait("Req", "E3"), Trait("Req", "C7")]
    public async Task A_completed_change_of_account_keeps_the_connection_and_its_answers_are_merged()
    {
        var before = await ConnectedAsync();
        await _host.Connections.PatchAsync(
            before.Connection.Id, new ConnectionPatch("mail", new Dictionary<string, string?> { ["plan"] = "gold" }), _host.Clock.Now, default);
        var (session, code) = await ConsentAsync("bob");

        Assert.Equal((409, "wrong_code"), await CompleteAsync(session, "x" + code));
        Assert.Equal(200, (await CompleteAsync(session, code)).Status);

        var after = await NowAsync(before);
        Assert.Equal((ConnectionStatus.Active, 2, "bob"), Of(after));
        Assert.Equal(("mail", "gold"), (after.Connection.Label, after.Connection.Metadata["plan"]));
        Assert.NotNull((await _host.AskAsync("default")).Token);
        Assert.DoesNotContain(_host.Simulator.History.Since(), p => p.Endpoint == SimulatedEndpoint.Revoke);
    }

    [Theory, Trait("Req", "E3"), Trait("Req", "I11")]
    [InlineData("connected")]
    [InlineData("revoked")]
    [InlineData("disabled")]
    [InlineData("deleted")]
    public async Task A_consent_does_not_undo_what_happened_to_the_connection_after_it(string what)
    {
        var before = await ConnectedAsync();
        var id = before.Connection.Id;
        var (session, code) = await ConsentAsync("bob");
        Task change = what switch
        {
            "connected" => ConnectedAsync(),
            "revoked" => _host.Connections.ApplyAsync(id, new LeverChange.Revoke(Refresh.DisconnectReason.OperatorRequest), _host.Clock.Now, default),
            "disabled" => _host.Connections.ApplyAsync(id, new LeverChange.Disable(), _host.Clock.Now, default),
            _ => _host.Connections.DeleteAsync(id, "test", _host.Clock.Now, default),
        };
        await change;
        var changed = await _host.Connections.GetAsync(id, default);

        Assert.Equal((409, "connection_changed"), await CompleteAsync(session, code));

        var after = await _host.Connections.GetAsync(id, default);
        Assert.Equal((changed?.Connection.Status, changed?.Tokens?.GrantNo), (after?.Connection.Status, after?.Tokens?.GrantNo));
    }

    [Fact, Trait("Req", "C7"), Trait("Failure", "F78")]
    public async Task Without_a_way_back_for_the_code_another_account_is_refused_though_the_policy_allows_it()
    {
        var before = await ConnectedAsync();
        _host.Server.Consent = ConsentPolicy.Allow with { Account = "bob" };
        var (_, link) = await _host.PostAsync($"/v1/connections/{before.Connection.Id}/reconnect-link", new { });

        var page = await _person.ConnectAsync(new Uri(link.GetProperty("url").GetString()!));

        Assert.Contains("another account", page.Title, StringComparison.Ordinal);
        Assert.Equal(("failed", "another_account"), await StandingAsync(link.GetProperty("id").GetString()!));
        Assert.Equal(Of(before), Of(await NowAsync(before)));
    }

    [Fact, Trait("Req", "C7"), Trait("Req", "I11")]
    public async Task A_connection_that_ended_stays_ended_until_another_accounts_consent_is_completed()
    {
        var before = await ConnectedAsync();
        await _host.Connections.ApplyAsync(before.Connection.Id, new LeverChange.Revoke(Refresh.DisconnectReason.OperatorRequest), _host.Clock.Now, default);
        await _host.Connections.EraseTokensAsync(before.Connection.Id, _host.Clock.Now, default);
        var (session, code) = await ConsentAsync("bob");
        Assert.Equal(ConnectionStatus.Revoked, (await NowAsync(before)).Connection.Status);

        Assert.Equal(200, (await CompleteAsync(session, code)).Status);

        Assert.Equal((ConnectionStatus.Active, 2, "bob"), Of(await NowAsync(before)));
    }

    private async Task<ConnectionSnapshot> ConnectedAsync()
    {
        _host.Server.Consent = ConsentPolicy.Allow;
        await _person.ConnectAsync((await _host.LinkAsync(completion: "auto")).Url);
        return (await _host.Connections.GetAsync((await _host.ConnectionOfAsync())!.Id, default))!;
    }

    private async Task<(string Session, string Code)> ConsentAsync(string account)
    {
        _host.Server.Consent = ConsentPolicy.Allow with { Account = account };
        var (id, url) = await _host.LinkAsync();
        return (id, (await _person.ConnectAsync(url)).Query("completion_code")!);
    }

    private async Task<(int Status, string? Word)> CompleteAsync(string session, string code)
    {
        var (status, body) = await _host.PostAsync($"/v1/connect-sessions/{session}/complete", new { code });
        return (status, body.GetProperty(status == 200 ? "status" : "code").GetString());
    }

    private async Task<(string?, string?)> StandingAsync(string session)
    {
        var read = await _host.SessionAsync(session);
        return (read.GetProperty("status").GetString(), read.GetProperty("error_code").GetString());
    }

    private async Task<ConnectionSnapshot> NowAsync(ConnectionSnapshot of) => (await _host.Connections.GetAsync(of.Connection.Id, default))!;

    private static (ConnectionStatus, int, string?) Of(ConnectionSnapshot snapshot) =>
        (snapshot.Connection.Status, snapshot.Tokens!.GrantNo, snapshot.Connection.ProviderAccountId);
}
