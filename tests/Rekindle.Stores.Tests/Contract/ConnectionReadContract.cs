using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Looking connections up, listing and filtering them.</summary>
public abstract class ConnectionReadContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A11")]
    public async Task A_connection_is_found_by_id_and_by_key()
    {
        var connection = await ConnectAsync();

        var byId = await Connections.GetAsync(connection.Id, default);
        var byKey = await Connections.FindAsync(connection.Key, default);

        Assert.Equal((connection.Key, connection.Id), (byId!.Connection.Key, byKey!.Connection.Id));
    }

    [Theory, Trait("Req", "A10")]
    [InlineData("sandbox", "mail", "acme", "anna", "write", "a")]
    [InlineData("production", "shop", "acme", "anna", "write", "a")]
    [InlineData("production", "mail", "", "anna", "write", "a")]
    [InlineData("production", "mail", "acme", "Anna", "write", "a")]
    [InlineData("production", "mail", "acme", "anna", "read", "a")]
    [InlineData("production", "mail", "acme", "anna", "write", "")]
    public async Task Every_part_of_the_key_counts(string environment, string integration, string tenant, string subject, string purpose, string account)
    {
        await ConnectAsync(Keyed("acme", "anna", "write", "a"));

        Assert.Null(await Connections.FindAsync(new(environment, integration, tenant, subject, purpose, account), default));
    }

    [Fact, Trait("Req", "A10")]
    public async Task What_is_not_there_is_null()
    {
        Assert.Null(await Connections.GetAsync(ConnectionId.New(Given.Key(Mail, "nobody")), default));
        Assert.Null(await Connections.FindAsync(Given.Key(Mail, "nobody"), default));
    }

    [Fact, Trait("Req", "A10")]
    public async Task All_purposes_and_accounts_of_a_subject_are_found_in_order()
    {
        await ConnectAsync(Keyed("acme", "anna", "write", ""));
        await ConnectAsync(Keyed("acme", "anna", "read", "b"));
        await ConnectAsync(Keyed("acme", "anna", "read", "a"));
        await ConnectAsync(Keyed("other", "anna", "read", "a"));
        await ConnectAsync(Keyed("acme", "bert", "read", "a"));

        var found = await Connections.FindBySubjectAsync(Environment, "mail", "acme", "anna", default);

        Assert.Equal([("read", "a"), ("read", "b"), ("write", "")], found.Select(s => (s.Connection.Key.Purpose, s.Connection.Key.Account)));
    }

    [Fact, Trait("Req", "A13")]
    public async Task Pages_follow_the_ids_and_together_hold_everything_once()
    {
        var ids = await ConnectManyAsync(25);

        var seen = await PagesAsync(new() { Environment = Environment }, pageSize: 7);

        Assert.Equal(ids.Order(), seen);
    }

    [Fact, Trait("Req", "A13")]
    public async Task Pages_are_stable_while_connections_come_and_go()
    {
        var ids = (await ConnectManyAsync(20)).Order().ToArray();
        var filter = new ConnectionFilter { Environment = Environment };
        var first = await Connections.ListAsync(filter, null, 10, default);
        await Connections.DeleteAsync(ids[3], "test", Now, default);
        var added = await ConnectManyAsync(20);

        var seen = await PagesAsync(filter, 10, first[^1].Connection.Id);

        // What was there all the time and comes after the first page is seen exactly once.
        Assert.Equal(ids[10..].Concat(added.Where(id => id > ids[9])).Order(), seen);
    }

    [Fact, Trait("Req", "A13")]
    public async Task An_environment_sees_only_its_own()
    {
        await ConnectAsync();
        var sandbox = await CreateIntegrationAsync("mail", "sandbox");
        var other = await ConnectAsync(_ => Given.Grant(sandbox, "anna", Now));

        var found = await Connections.ListAsync(new() { Environment = "sandbox" }, null, 10, default);

        Assert.Equal(other.Id, Assert.Single(found).Connection.Id);
    }

    [Fact, Trait("Req", "A13")]
    public async Task Each_filter_finds_its_own()
    {
        var shop = await CreateIntegrationAsync("shop");
        await ConnectAsync();
        var ids = new Dictionary<string, ConnectionId>
        {
            ["shop"] = (await ConnectAsync(_ => Given.Grant(shop, "shopper", Now))).Id,
            ["tenant"] = (await ConnectAsync(Keyed("acme", "t", "default", ""))).Id,
            ["subject"] = (await ConnectAsync(Keyed("", "anna", "default", ""))).Id,
            ["purpose"] = (await ConnectAsync(Keyed("", "p", "write", ""))).Id,
            ["account"] = (await ConnectAsync(Keyed("", "a", "default", "box-7"))).Id,
            ["label"] = (await ConnectAsync(g => g with { Label = "The Label" })).Id,
            ["expiring"] = (await ConnectAsync(g => g with { ExpiresAt = Now.AddMinutes(5) })).Id,
            ["disabled"] = (await ConnectAsync()).Id,
            ["backoff"] = (await ConnectAsync()).Id,
        };
        await Connections.ApplyAsync(ids["disabled"], new LeverChange.Disable(), Now, default);
        await CommitAsync(Given.Trouble(await ClaimAsync(ids["backoff"]), Now) with { LastRefreshError = "Gateway ÄRGER 502" });
        var any = new ConnectionFilter { Environment = Environment };

        await AssertFindsAsync(any with { Integrations = ["shop", "none"] }, ids["shop"]);
        await AssertFindsAsync(any with { Integrations = [] });
        await AssertFindsAsync(any with { Tenants = ["acme"] }, ids["tenant"]);
        await AssertFindsAsync(any with { Subject = "anna" }, ids["subject"]);
        await AssertFindsAsync(any with { Purpose = "write" }, ids["purpose"]);
        await AssertFindsAsync(any with { Account = "box-7" }, ids["account"]);
        await AssertFindsAsync(any with { Label = "The Label" }, ids["label"]);
        await AssertFindsAsync(any with { Label = "the label" });
        await AssertFindsAsync(any with { Status = ConnectionStatus.Disabled }, ids["disabled"]);
        await AssertFindsAsync(any with { ExpiresBefore = Now.AddMinutes(10) }, ids["expiring"]);
        await AssertFindsAsync(any with { InBackoffAt = Now }, ids["backoff"]);
        await AssertFindsAsync(any with { InBackoffAt = Now.AddMinutes(1) });
        await AssertFindsAsync(any with { Error = "gateway ärger" }, ids["backoff"]);
        await AssertFindsAsync(any with { Error = "100%" });
    }

    [Fact, Trait("Req", "A13")]
    public async Task Filters_narrow_each_other()
    {
        var wanted = await ConnectAsync(g => Keyed("acme", "anna", "write", "")(g) with { Label = "x", ExpiresAt = Now.AddMinutes(5) });
        await ConnectAsync(g => Keyed("acme", "bert", "write", "")(g) with { Label = "x" });
        await ConnectAsync(g => Keyed("acme", "anna", "read", "")(g) with { Label = "x", ExpiresAt = Now.AddMinutes(5) });
        var filter = new ConnectionFilter
        {
            Environment = Environment,
            Integrations = ["mail"],
            Tenants = ["acme", "other"],
            Subject = "anna",
            Purpose = "write",
            Label = "x",
            Status = ConnectionStatus.Active,
            ExpiresBefore = Now.AddMinutes(10),
            FailuresBelow = 1,
            Text = "ann",
            UpdatedSince = Now,
        };

        await AssertFindsAsync(filter, wanted.Id);
        await AssertFindsAsync(filter with { Tenants = ["other"] });
        await AssertFindsAsync(filter with { UpdatedSince = Now.AddSeconds(1) });
    }

    [Fact, Trait("Req", "A12")]
    public async Task Fewer_failures_means_both_kinds_together()
    {
        var none = await ConnectAsync();
        var three = await ConnectAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(three.Id), Now) with { ConsecutiveFailures = 1, ConsecutiveTransientFailures = 2 });
        var any = new ConnectionFilter { Environment = Environment };

        await AssertFindsAsync(any with { FailuresBelow = 3 }, none.Id);
        await AssertFindsAsync(any with { FailuresBelow = 4 }, none.Id, three.Id);
        await AssertFindsAsync(any with { FailuresBelow = 4, InBackoffAt = Now }, three.Id);
    }

    [Theory, Trait("Req", "A13")]
    [InlineData("subject-q")]
    [InlineData("TENANT-Q")]
    [InlineData("account-q")]
    [InlineData("Name-Q")]
    [InlineData("label-q")]
    [InlineData("straße")]
    public async Task Text_is_looked_for_in_all_that_people_call_a_connection(string text)
    {
        var wanted = await ConnectAsync(g => Keyed("tenant-q", "subject-q", "default", "account-q")(g) with
        {
            ProviderAccountName = "name-q@x.example",
            Label = "Label-Q in der Straße 5",
        });
        await ConnectAsync();

        await AssertFindsAsync(new() { Environment = Environment, Text = text }, wanted.Id);
    }

    [Theory, Trait("Req", "A13")]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("'")]
    [InlineData("\\")]
    public async Task Text_is_text_and_not_a_pattern(string text)
    {
        await ConnectAsync();
        var wanted = await ConnectAsync(g => g with { Label = $"a{text}b" });

        await AssertFindsAsync(new() { Environment = Environment, Text = text }, wanted.Id);
    }

    [Fact, Trait("Req", "A13")]
    public async Task Updated_since_finds_what_changed_by_whatever_way()
    {
        var patched = await ConnectAsync();
        var refreshed = await ConnectAsync();
        var lever = await ConnectAsync();
        await ConnectAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Connections.PatchAsync(patched.Id, new("x", null), Now, default);
        await CommitAsync(Given.Success(await ClaimAsync(refreshed.Id), Now.AddSeconds(-50)));
        await Connections.ApplyAsync(lever.Id, new LeverChange.Disable(), Now, default);

        await AssertFindsAsync(new() { Environment = Environment, UpdatedSince = Now }, patched.Id, refreshed.Id, lever.Id);
    }

    [Fact, Trait("Req", "A13")]
    public async Task Counting_stops_at_the_ceiling()
    {
        await ConnectManyAsync(5);
        var filter = new ConnectionFilter { Environment = Environment };

        Assert.Equal(5, await Connections.CountAsync(filter, 100, default));
        Assert.Equal(3, await Connections.CountAsync(filter, 3, default));
        Assert.Equal(0, await Connections.CountAsync(filter with { Subject = "nobody" }, 3, default));
    }

    private async Task<ConnectionId[]> ConnectManyAsync(int count)
    {
        var ids = new List<ConnectionId>();
        for (var i = 0; i < count; i++)
        {
            ids.Add((await ConnectAsync()).Id);
        }

        return [.. ids];
    }

    private async Task<List<ConnectionId>> PagesAsync(ConnectionFilter filter, int pageSize, ConnectionId? after = null)
    {
        var seen = new List<ConnectionId>();
        while (true)
        {
            var page = await Connections.ListAsync(filter, after, pageSize, default);
            seen.AddRange(page.Select(s => s.Connection.Id));
            if (page.Count < pageSize)
            {
                return seen;
            }

            after = seen[^1];
        }
    }

    private async Task AssertFindsAsync(ConnectionFilter filter, params ConnectionId[] expected)
    {
        var found = await Connections.ListAsync(filter, null, 100, default);
        Assert.Equal(expected.Order(), found.Select(s => s.Connection.Id));
        Assert.Equal(expected.Length, await Connections.CountAsync(filter, 100, default));
    }

    private Func<NewGrant, NewGrant> Keyed(string tenant, string subject, string purpose, string account)
    {
        var key = new ConnectionKey(Environment, Mail.Key, tenant, subject, purpose, account);
        return grant => grant with { Key = key, NewId = ConnectionId.New(key) };
    }
}
