using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Server.Tests.Connect;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Peers;

/// <summary>Our connect flow and refreshes against an authorization server whose authors do not know ours.</summary>
public sealed class OidcConnectTests
{
    [Fact, Trait("Req", "E3")]
    public async Task An_account_is_connected_by_discovery_and_lives_through_twenty_rotations()
    {
        await using var provider = await OidcProviderProcess.StartAsync(new OidcProviderSettings
        {
            RedirectUris = ["http://127.0.0.1/connect/callback/production/peer"],
        });
        var integration = new Integration
        {
            Environment = "production",
            Key = "peer",
            Provider = "oidc",
            DisplayName = "Peer",
            ClientId = "post",
            Scopes = ["openid", "offline_access"],
            Variables = new Dictionary<string, string> { ["issuer_url"] = provider.Issuer.AbsoluteUri.TrimEnd('/') },
        };
        await using var host = await ConnectHost.StartAsync(integration, "post-secret");
        using var person = new Person();

        var made = await host.CreateAsync(new { integration = "peer", subject = "user-1", completion = "auto" });
        var left = await person.PressAsync(await person.OpenAsync(new Uri(made.GetProperty("url").GetString()!)));
        var done = await person.OpenAsync(await provider.SignInAsync(left.Location!));

        Assert.Equal("Peer is connected", done.Title);
        var session = await host.SessionAsync(made.GetProperty("id").GetString()!);
        Assert.True(ConnectionId.TryParse(session.GetProperty("connection_id").GetString(), out var id));
        Assert.Equal("alice", (await host.Connections.GetAsync(id, default))!.Connection.ProviderAccountId);

        for (var i = 0; i < 20; i++)
        {
            host.Clock.Advance(TimeSpan.FromMinutes(2));
            var refreshed = await host.Get<ConnectionLevers>().RefreshAsync(id, capture: false, "test");
            Assert.Null(refreshed.Error);
        }

        Assert.Equal(21, (await host.Connections.GetAsync(id, default))!.Tokens!.Version);
        var events = await provider.GetEventsAsync();
        Assert.DoesNotContain(events, happened => happened.Name is "grant.revoked" or "grant.error");
        Assert.Equal(20, events.Count(happened => happened.Name == "refresh_token.consumed"));

        Assert.Equal(RevocationOutcome.Revoked, (await host.Get<ConnectionLevers>().RevokeAsync(id, "test")).AtProvider);
    }
}
