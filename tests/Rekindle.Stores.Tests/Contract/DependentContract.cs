using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Dependents and messages (C3, C6).</summary>
public abstract class DependentContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "C6")]
    public async Task A_dependent_is_attached_and_changed_without_losing_its_date()
    {
        var connection = await ConnectAsync();
        var attached = await PutAsync(connection.Id, "watcher", "Email sync");
        Clock.Advance(TimeSpan.FromMinutes(1));

        var changed = await Stores.Dependents.PutAsync(
            attached! with { Label = "Mail sync", Consequence = "Mail sync paused", State = DependentState.Paused }, Now, default);

        Assert.Equal(attached with { Label = "Mail sync", Consequence = "Mail sync paused" }, changed);
        Assert.Equal((DependentState.Active, Now.AddMinutes(-1)), (changed!.State, changed.StateSince));
    }

    [Theory, Trait("Req", "C6")]
    [InlineData(ConnectionStatus.Active, DependentState.Active)]
    [InlineData(ConnectionStatus.Pending, DependentState.Paused)]
    [InlineData(ConnectionStatus.Standby, DependentState.Paused)]
    public async Task Its_state_is_the_connection_s_whatever_is_asked(ConnectionStatus status, DependentState expected)
    {
        var connection = await ConnectAsync(g => g with { Status = status });

        Assert.Equal(expected, (await PutAsync(connection.Id, "watcher", "Email sync"))!.State);
    }

    [Fact, Trait("Req", "C6")]
    public async Task A_degraded_connection_has_degraded_dependents_from_the_start()
    {
        var connection = await ConnectAsync(g => g with { ExpiresAt = Now });
        await Refresh.DegradeExpiredAsync(Now, 10, default);

        Assert.Equal(DependentState.Degraded, (await PutAsync(connection.Id, "watcher", "Email sync"))!.State);
    }

    [Fact, Trait("Req", "C6")]
    public async Task There_is_nothing_to_attach_to_without_a_connection() =>
        Assert.Null(await PutAsync(ConnectionId.New(Given.Key(Mail, "nobody")), "watcher", "Email sync"));

    [Fact, Trait("Req", "C6")]
    public async Task Dependents_are_listed_by_connection_and_by_state_and_detached()
    {
        var one = await ConnectAsync();
        var two = await ConnectAsync();
        await PutAsync(one.Id, "b", "B");
        await PutAsync(one.Id, "a", "A");
        await PutAsync(two.Id, "c", "C");
        await Connections.ApplyAsync(two.Id, new LeverChange.Disable(), Now, default);

        Assert.Equal(["a", "b"], (await Stores.Dependents.ListAsync(one.Id, default)).Select(d => d.Name));
        Assert.Equal(3, (await Stores.Dependents.ListAsync(Environment, null, null, 10, default)).Count);
        var page = await Stores.Dependents.ListAsync(Environment, null, null, 2, default);
        var rest = await Stores.Dependents.ListAsync(Environment, null, new(page[1].ConnectionId, page[1].Name), 2, default);
        Assert.Equal(["a", "b", "c"], page.Concat(rest).Select(d => d.Name).Order());
        Assert.Equal("c", Assert.Single(await Stores.Dependents.ListAsync(Environment, DependentState.Paused, null, 10, default)).Name);
        Assert.Empty(await Stores.Dependents.ListAsync("sandbox", null, null, 10, default));
        Assert.True(await Stores.Dependents.DeleteAsync(one.Id, "a", default));
        Assert.False(await Stores.Dependents.DeleteAsync(one.Id, "a", default));
    }

    [Fact, Trait("Req", "C3")]
    public async Task Messages_are_paged_newest_first_and_filtered()
    {
        var ids = new List<ConnectionId>();
        for (var i = 0; i < 5; i++)
        {
            var connection = await ConnectAsync();
            ids.Add(connection.Id);
            await CommitAsync(Given.Death(await ClaimAsync(connection.Id), Now));
        }

        var first = await Stores.Notifications.ListAsync(Environment, openOnly: false, null, null, 3, default);
        var rest = await Stores.Notifications.ListAsync(Environment, openOnly: false, null, first[^1].Id, 3, default);

        Assert.Equal(Enumerable.Reverse(ids), first.Concat(rest).Select(n => n.ConnectionId!.Value));
        Assert.Equal(ids[2], Assert.Single(await Stores.Notifications.ListAsync(Environment, true, ids[2], null, 3, default)).ConnectionId);
        Assert.Empty(await Stores.Notifications.ListAsync("sandbox", false, null, null, 3, default));
    }

    private Task<Dependent?> PutAsync(ConnectionId id, string name, string label) =>
        Stores.Dependents.PutAsync(new() { ConnectionId = id, Name = name, Label = label }, Now, default);
}
