using System.Net;
using Rekindle.Simulator;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

public sealed class RevocationTests : SimulatorTest
{
    [Theory]
    [InlineData(RevocationReach.Token, true, false)]
    [InlineData(RevocationReach.Grant, false, false)]
    [InlineData(RevocationReach.UserAndClient, false, true)]
    public async Task Revoking_an_access_token_reaches_as_far_as_the_server_says(RevocationReach reach, bool grantLives, bool siblingEnds)
    {
        var server = Server(new Personality { RevocationReach = reach });
        var grant = server.IssueGrant("u1");
        var sibling = server.IssueGrant("u1");

        var answer = await RevokeAsync(server, grant.AccessToken);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.False(server.Accepts(grant.AccessToken));
        Assert.Equal(grantLives, server.FindGrant(grant.GrantId)!.End is null);
        Assert.Equal(siblingEnds, server.FindGrant(sibling.GrantId)!.End is GrantEnd.RevokedByClient);
    }

    [Fact]
    public async Task Revoking_a_refresh_token_ends_its_grant()
    {
        var server = Host.Servers["slack-like"];
        var grant = server.IssueGrant("u1");

        await RevokeAsync(server, grant.RefreshToken!);

        Assert.Equal(GrantEnd.RevokedByClient, server.FindGrant(grant.GrantId)!.End);
    }

    [Fact]
    public async Task An_unknown_token_is_answered_200_and_a_wrong_client_401()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1");

        var unknown = await RevokeAsync(server, "no-such-token");
        var stranger = await Http.PostAsync(
            server.RevokeEndpoint, ("token", grant.RefreshToken!), ("client_id", RegisteredClient.Default.Id), ("client_secret", "wrong"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (unknown.Status, stranger.Status));
        Assert.Null(server.FindGrant(grant.GrantId)!.End);
    }

    [Fact]
    public async Task A_client_cannot_revoke_what_was_granted_to_another()
    {
        var server = Host.Servers["plain"];
        server.RegisterClient(new RegisteredClient { Id = "other", Secrets = ["other-secret"], RedirectUris = [] });
        var grant = server.IssueGrant("u1", clientId: "other");

        await RevokeAsync(server, grant.RefreshToken!);

        Assert.Null(server.FindGrant(grant.GrantId)!.End);
    }

    [Fact]
    public void Every_grant_of_a_subject_can_be_ended_at_once()
    {
        var server = Host.Servers["plain"];
        server.IssueGrants(3, i => i == 3 ? "other" : "u1");

        server.RevokeSubject("u1", GrantEnd.RevokedByAdministrator);

        Assert.Equal(
            [GrantEnd.RevokedByAdministrator, GrantEnd.RevokedByAdministrator, null], server.Grants.Select(grant => grant.End));
    }

    [Fact]
    public async Task Killed_access_tokens_leave_the_refresh_token_alone()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1");

        server.KillAccessTokens(grant.GrantId);

        Assert.Equal(HttpStatusCode.Unauthorized, (await Http.CallApiAsync(server, grant.AccessToken)).Status);
        var refreshed = await Http.RefreshAsync(server, grant.RefreshToken!);
        Assert.Equal(HttpStatusCode.OK, (await Http.CallApiAsync(server, refreshed.AccessToken!)).Status);
    }

    private Task<SimulatorAnswer> RevokeAsync(AuthorizationServer server, string token) => Http.PostAsync(
        server.RevokeEndpoint,
        ("token", token), ("client_id", RegisteredClient.Default.Id), ("client_secret", RegisteredClient.Default.Secrets[0]));
}
