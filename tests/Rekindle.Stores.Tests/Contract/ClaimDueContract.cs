namespace Rekindle.Stores.Tests.Contract;

/// <summary>Claiming what is due (A2, A3).</summary>
public abstract class ClaimDueContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A2")]
    public async Task A_due_connection_is_claimed_with_all_a_refresh_needs()
    {
        var connection = await ConnectDueAsync(g => g with { Jitter = 417, Variables = new Dictionary<string, string> { ["shop"] = "acme" } });

        var claim = Assert.Single(await ClaimDueAsync());

        Assert.Equal(connection.Key, claim.Connection.Key);
        Assert.Equal("acme", claim.Connection.Variables["shop"]);
        Assert.Equal("refresh-1", Given.Text(claim.Tokens.RefreshToken));
        Assert.Equal((1, 1), (claim.Tokens.GrantNo, claim.Tokens.Version));
        Assert.Equal((Given.Worker, 1L, 0, 417), (claim.Holder, claim.Fence, claim.Epoch, claim.Jitter));
        Assert.Equal(Now, claim.DueAt);
    }

    [Fact, Trait("Req", "A2")]
    public async Task What_is_not_due_yet_is_left()
    {
        await ConnectAsync(g => g with { DueAt = Now.AddSeconds(1) });
        await ConnectAsync(g => g with { DueAt = null });

        Assert.Empty(await ClaimDueAsync());
    }
}
