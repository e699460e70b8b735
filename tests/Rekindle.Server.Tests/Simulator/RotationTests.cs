using System.Net;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

public sealed class RotationTests : SimulatorTest
{
    [Fact]
    public async Task A_refresh_token_that_does_not_rotate_works_again_and_is_not_echoed()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1");

        var first = await Client.RefreshAsync(server, grant.RefreshToken!);
        var second = await Client.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.Status, second.Status));
        Assert.Null(second.RefreshToken);
        Assert.NotEqual(first.AccessToken, second.AccessToken);
    }

    [Fact]
    public async Task Strict_reuse_ends_the_whole_family()
    {
        var server = Host.Servers["strict"];
        var grant = server.IssueGrant("u1");
        var refreshed = await Client.RefreshAsync(server, grant.RefreshToken!);

        var reuse = await Client.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (reuse.Status, reuse.Error));
        Assert.Equal(HttpStatusCode.BadRequest, (await Client.RefreshAsync(server, refreshed.RefreshToken!)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Client.CallApiAsync(server, refreshed.AccessToken!)).Status);
        Assert.Equal(GrantEnd.ReuseDetected, server.FindGrant(grant.GrantId)!.End);
        Assert.Equal(1, Host.History.ReusesOutsideRule);
    }

    [Fact]
    public async Task Within_the_grace_the_used_token_brings_the_same_successor_again()
    {
        var server = Server(Rotating(Superseded.Grace) with { RefreshTokens = new() { RotateEvery = 1, Superseded = Superseded.Grace, Grace = TimeSpan.FromMinutes(30), RepeatsSuccessor = true } });
        var grant = server.IssueGrant("u1");

        var first = await Client.RefreshAsync(server, grant.RefreshToken!);
        Clock.Advance(TimeSpan.FromMinutes(29));
        var repeated = await Client.RefreshAsync(server, grant.RefreshToken!);
        Clock.Advance(TimeSpan.FromMinutes(1));
        var late = await Client.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(first.RefreshToken, repeated.RefreshToken);
        Assert.Equal("invalid_grant", late.Error);
        Assert.Equal(
            [PresentedToken.Current, PresentedToken.Superseded, PresentedToken.Reused],
            Host.History.Refreshes(server.Name).Select(seen => seen.Token));
    }

    private static Personality Rotating(Superseded superseded) => new() { RefreshTokens = new() { RotateEvery = 1, Superseded = superseded } };
}
