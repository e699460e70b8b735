using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Writing results over their parents (I5).</summary>
public abstract class CommitContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "E2")]
    public async Task A_success_stores_everything_it_brought()
    {
        var connection = await ConnectDueAsync();
        var claim = await ClaimAsync(connection.Id);

        var result = await CommitAsync(Given.Success(claim, Now));

        Assert.Equal(CommitResult.Applied, result);
        var after = await GetAsync(connection.Id);
        Assert.Equal((1, 2), (after.Tokens!.GrantNo, after.Tokens.Version));
        Assert.Equal("access-new", Given.Text(after.Tokens.AccessToken));
        Assert.Equal("refresh-new", Given.Text(after.Tokens.RefreshToken));
        Assert.Equal(Now.AddMinutes(50), after.DueAt);
        Assert.Null(after.LeaseUntil);
        Assert.Equal(ConnectionStatus.Active, after.Connection.Status);
        Assert.Equal(Now, after.Connection.LastRefreshedAt);
    }
}
