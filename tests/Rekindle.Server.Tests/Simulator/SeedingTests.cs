using System.Net;
using Rekindle.Simulator;
using Rekindle.Simulator.Grants;

namespace Rekindle.Server.Tests.Simulator;

public sealed class SeedingTests : SimulatorTest
{
    private const string Marker = "CANARY7f3a";

    [Fact]
    public void Ten_thousand_grants_are_distinct_and_valid()
    {
        var server = Host.Servers["strict"];

        var grants = server.IssueGrants(10_000, accessTokenLifetime: TimeSpan.FromMinutes(5));

        Assert.Equal(20_000, grants.SelectMany(grant => new[] { grant.AccessToken, grant.RefreshToken! }).Distinct().Count());
        Assert.All(grants, grant => Assert.True(server.Accepts(grant.AccessToken)));
        Assert.Equal(("user-1", "user-10000"), (grants[0].Subject, grants[^1].Subject));
        Assert.All(grants, grant => Assert.Equal(Clock.Now + TimeSpan.FromMinutes(5), grant.ExpiresAt));
    }

    [Fact]
    public async Task Only_the_first_access_token_has_the_given_lifetime()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1", accessTokenLifetime: TimeSpan.FromMinutes(5));

        var refreshed = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(3600, refreshed.Json.GetProperty("expires_in").GetInt32());
    }

    [Fact]
    public async Task Every_token_carries_the_marker()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { TokenMarker = Marker });

        foreach (var (name, server) in host.Servers)
        {
            var grant = server.IssueGrant("u1");

            Assert.True(grant.AccessToken.Contains(Marker, StringComparison.Ordinal), name);
            Assert.True(grant.RefreshToken?.Contains(Marker, StringComparison.Ordinal) ?? true, name);
            Assert.True(server.Accepts(grant.AccessToken), name);
        }
    }

    [Fact]
    public async Task A_marker_that_would_not_pass_a_header_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => SimulatorHost.StartAsync(new SimulatorOptions { TokenMarker = "two words" }));

    [Fact]
    public async Task Tokens_can_be_made_long()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { TokenLength = 900 });

        var grant = host.Servers["slack-like"].IssueGrant("u1");

        Assert.Equal((900, 900), (grant.AccessToken.Length, grant.RefreshToken!.Length));
        Assert.StartsWith("xoxe.xoxb-1-", grant.AccessToken, StringComparison.Ordinal);
    }

    [Fact]
    public void A_revoked_family_ends_as_after_reuse()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1");

        server.RevokeFamily(grant.GrantId);

        var ended = server.FindGrant(grant.GrantId)!;
        Assert.Equal((GrantEnd.ReuseDetected, 0), (ended.End, ended.LiveAccessTokens));
    }

    [Fact]
    public async Task An_unknown_grant_or_server_is_named()
    {
        var mistake = Assert.Throws<ArgumentException>(() => Host.Servers["plain"].Revoke("g99"));

        Assert.Contains("'plain' has no grant 'g99'", mistake.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Http.GetAsync(new Uri(Host.BaseAddress, "no-such-server/authorize"))).Status);
        Assert.Throws<ArgumentException>(() => Host.AddServer("a/b", Host.Servers["plain"].Personality));
    }
}
