using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>API keys.</summary>
public abstract class ApiKeyContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private IApiKeyStore Keys => Stores.ApiKeys;

    [Fact, Trait("Req", "D8")]
    public async Task Every_field_of_a_key_comes_back_as_it_was_written()
    {
        var key = Key("k1") with
        {
            Integrations = ["mail"],
            Tenants = ["acme", "other"],
            ExpiresAt = Now.AddDays(1),
            CreatedBy = "k0",
        };
        await Keys.CreateAsync(key, default);

        var read = (await Keys.FindAsync("k1", default))!;

        Assert.Equal((key.Environment, key.Name, key.CreatedAt, key.ExpiresAt, "k0"), (read.Environment, read.Name, read.CreatedAt, read.ExpiresAt, read.CreatedBy));
        Assert.Equal(key.Hash, read.Hash);
        Assert.Equal(["tokens:read", "admin"], read.Scopes);
        Assert.Equal(["mail"], read.Integrations);
        Assert.Equal(["acme", "other"], read.Tenants);
        Assert.Null(await Keys.FindAsync("k2", default));
    }

    [Fact, Trait("Req", "D8")]
    public async Task Keys_are_listed_by_environment_newest_first()
    {
        Assert.False(await Keys.AnyAsync(default));
        await Keys.CreateAsync(Key("old"), default);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Keys.CreateAsync(Key("new"), default);
        await Keys.CreateAsync(Key("sandbox") with { Environment = "sandbox" }, default);

        Assert.Equal(["new", "old"], (await Keys.ListAsync(Environment, default)).Select(k => k.Id));
        Assert.True(await Keys.AnyAsync(default));
    }

    [Fact, Trait("Req", "D8")]
    public async Task Ending_a_key_only_shortens_its_life()
    {
        await Keys.CreateAsync(Key("k1"), default);

        Assert.True(await Keys.EndAsync(Environment, "k1", Now.AddHours(2), default));
        Assert.True(await Keys.EndAsync(Environment, "k1", Now.AddHours(1), default));
        Assert.True(await Keys.EndAsync(Environment, "k1", Now.AddHours(3), default));
        Assert.False(await Keys.EndAsync("sandbox", "k1", Now, default));
        Assert.False(await Keys.EndAsync(Environment, "k2", Now, default));

        Assert.Equal(Now.AddHours(1), (await Keys.FindAsync("k1", default))!.ExpiresAt);
    }

    [Fact, Trait("Req", "D8")]
    public async Task Ending_a_key_is_told_to_the_caches()
    {
        await Keys.CreateAsync(Key("k1"), default);
        var position = await Stores.Changes.LastPositionAsync(default);

        await Keys.EndAsync(Environment, "k1", Now, default);

        Assert.Equal(ChangeKind.ApiKey, Assert.Single(await Stores.Changes.ReadAsync(position, [], 10, default)).Kind);
    }

    private ApiKey Key(string id) => new()
    {
        Id = id,
        Environment = Environment,
        Name = "ci",
        Hash = [1, 2, 3],
        Scopes = ["tokens:read", "admin"],
        CreatedAt = Now,
    };
}
