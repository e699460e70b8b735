namespace Rekindle.Stores.Tests.Contract;

/// <summary>Who did what.</summary>
public abstract class AuditContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A12")]
    public async Task Deeds_are_listed_newest_first_in_pages()
    {
        for (var i = 0; i < 5; i++)
        {
            await Stores.Audit.AppendAsync(new(0, Now, Environment, "k1", "connection.disable", $"con-{i}", i == 0 ? null : "{}"), default);
        }

        var first = await Stores.Audit.ListAsync(Environment, null, 3, default);
        var rest = await Stores.Audit.ListAsync(Environment, first[^1].Id, 3, default);

        Assert.Equal(["con-4", "con-3", "con-2", "con-1", "con-0"], first.Concat(rest).Select(e => e.Target));
        Assert.Equal((Now, "k1", "connection.disable", null), (rest[1].At, rest[1].Actor, rest[1].Action, rest[1].Detail));
        Assert.Empty(await Stores.Audit.ListAsync("sandbox", null, 3, default));
    }
}
