using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Rekindle.ApiKeys;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Simulator;
using Rekindle.Simulator.Authorize;

namespace Rekindle.Server.Tests.Connect;

/// <summary>Who may make links, look at them and complete them (C7: a permission).</summary>
public sealed class ConnectApiTests : IAsyncLifetime
{
    private readonly Person _person = new();
    private ConnectHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ConnectHost.StartAsync();
        _host.Server.Consent = ConsentPolicy.Allow;
    }

    public async ValueTask DisposeAsync()
    {
        _person.Dispose();
        await _host.DisposeAsync();
    }

    [Theory, Trait("Req", "C7")]
    [InlineData(ApiScopes.TokensRead)]
    [InlineData(ApiScopes.ConnectionsRead)]
    [InlineData(ApiScopes.ConnectionsWrite)]
    public async Task A_key_for_something_else_makes_no_links(string scope)
    {
        var connection = await ConnectedAsync("");
        using var caller = await _host.CallerAsync(scope);

        Assert.Equal(HttpStatusCode.Forbidden, (await CreateAsync(caller, new { integration = "acme", subject = "u", completion = "auto" })).Status);
        using var link = await caller.PostAsJsonAsync($"/v1/connections/{connection}/reconnect-link", new { });
        Assert.Equal(HttpStatusCode.Forbidden, link.StatusCode);
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_key_of_one_tenant_makes_sees_and_completes_that_tenants_sessions_only()
    {
        using var caller = await _host.CallerAsync(ApiScopes.ConnectionsConnect, tenants: ["t-1"]);
        var foreign = await _host.CreateAsync(new { integration = "acme", subject = "u", tenant = "t-2", return_url = ConnectHost.ReturnUrl });
        var code = (await _person.ConnectAsync(new Uri(foreign.GetProperty("url").GetString()!))).Query("completion_code");
        var path = $"/v1/connect-sessions/{foreign.GetProperty("id").GetString()}";

        var (own, made) = await CreateAsync(caller, new { integration = "acme", subject = "u", tenant = "t-1", return_url = ConnectHost.ReturnUrl });

        Assert.Equal(HttpStatusCode.Created, own);
        Assert.Equal(HttpStatusCode.Forbidden, (await CreateAsync(caller, new { integration = "acme", subject = "u", tenant = "t-2", completion = "auto" })).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await CreateAsync(caller, new { integration = "acme", subject = "u", completion = "auto" })).Status);
        using var seen = await caller.GetAsync(new Uri(path, UriKind.Relative));
        using var completed = await caller.PostAsJsonAsync(path + "/complete", new { code });
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (seen.StatusCode, completed.StatusCode));
        using var its = await caller.GetAsync(new Uri($"/v1/connect-sessions/{made.GetProperty("id").GetString()}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, its.StatusCode);
    }

    [Fact, Trait("Req", "C7")]
    public async Task A_key_of_one_tenant_reconnects_that_tenants_connections_only()
    {
        using var caller = await _host.CallerAsync(ApiScopes.ConnectionsConnect, tenants: ["t-1"]);
        var (own, foreign) = (await ConnectedAsync("t-1"), await ConnectedAsync("t-2"));

        using var allowed = await caller.PostAsJsonAsync($"/v1/connections/{own}/reconnect-link", new { });
        using var refused = await caller.PostAsJsonAsync($"/v1/connections/{foreign}/reconnect-link", new { });

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.NotFound), (allowed.StatusCode, refused.StatusCode));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_key_of_one_integration_connects_to_that_one_and_offers_no_choice_of_others()
    {
        await _host.AddIntegrationAsync(
            new() { Environment = "production", Key = "mail", Provider = "sim-acme", DisplayName = "Mail", ClientId = RegisteredClient.Default.Id },
            RegisteredClient.Default.Secrets[0]);
        using var one = await _host.CallerAsync(ApiScopes.ConnectionsConnect, integrations: ["mail"]);
        using var two = await _host.CallerAsync(ApiScopes.ConnectionsConnect, integrations: ["mail", "acme"]);

        Assert.Equal(HttpStatusCode.Forbidden, (await CreateAsync(one, new { integration = "acme", subject = "u", completion = "auto" })).Status);
        Assert.Equal("mail", (await CreateAsync(one, new { subject = "u", completion = "auto" })).Body.GetProperty("integration").GetString());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await CreateAsync(two, new { subject = "u", completion = "auto" })).Status);
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_session_of_another_environment_does_not_exist()
    {
        var (id, _) = await _host.LinkAsync();
        var key = ApiKeyFormat.Mint("sandbox");
        await _host.Get<Storage.IApiKeyStore>().CreateAsync(
            new() { Id = key.Id, Environment = "sandbox", Name = "other", Hash = key.Hash, Scopes = [ApiScopes.Admin], CreatedAt = _host.Clock.Now }, default);
        using var caller = new HttpClient { BaseAddress = _host.Site, DefaultRequestHeaders = { Authorization = new("Bearer", key.Key.Reveal()) } };

        using var seen = await caller.GetAsync(new Uri($"/v1/connect-sessions/{id}", UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, seen.StatusCode);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Without_a_way_back_for_the_code_there_is_no_link_unless_it_completes_itself()
    {
        var (refused, problem) = await _host.PostAsync("/v1/connect-sessions", new { integration = "acme", subject = "user-1" });
        var (made, session) = await _host.PostAsync("/v1/connect-sessions", new { integration = "acme", subject = "user-1", completion = "auto" });

        Assert.Equal((422, 201), (refused, made));
        Assert.Contains("return_url", problem.GetRawText(), StringComparison.Ordinal);
        var done = await _person.ConnectAsync(new Uri(session.GetProperty("url").GetString()!));
        Assert.Equal((200, "Acme is connected"), (done.Status, done.Title));
        Assert.Equal(ConnectionStatus.Active, (await _host.ConnectionOfAsync())!.Status);
    }

    [Fact, Trait("Req", "C7")]
    public async Task A_reconnect_link_of_one_connection_is_refused_while_it_is_disabled_and_after_it_is_gone()
    {
        var connection = await ConnectedAsync("");
        var (_, link) = await _host.PostAsync($"/v1/connections/{connection}/reconnect-link", new { });
        var url = new Uri(link.GetProperty("url").GetString()!);

        await _host.PostAsync($"/v1/connections/{connection}/disable", new { });
        var disabled = await _person.OpenAsync(url);
        await _host.Connections.DeleteAsync(connection, "test", _host.Clock.Now, default);
        var gone = await _person.OpenAsync(url);

        Assert.Equal((409, 410), (disabled.Status, gone.Status));
        Assert.Contains("paused by the people", disabled.Title, StringComparison.Ordinal);
        Assert.Contains("no longer exists", gone.Title, StringComparison.Ordinal);
    }

    private async Task<ConnectionId> ConnectedAsync(string tenant)
    {
        var made = await _host.CreateAsync(new { integration = "acme", subject = "user-1", tenant, completion = "auto" });
        await _person.ConnectAsync(new Uri(made.GetProperty("url").GetString()!));
        return (await _host.Connections.FindAsync(new ConnectionKey("production", "acme", tenant, "user-1", "default", ""), default))!.Connection.Id;
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> CreateAsync(HttpClient caller, object body)
    {
        using var answer = await caller.PostAsJsonAsync("/v1/connect-sessions", body);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }
}
