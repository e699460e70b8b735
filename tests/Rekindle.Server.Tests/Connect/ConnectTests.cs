using Rekindle.Connections;
using Rekindle.Simulator.Authorize;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Connect;

/// <summary>Connecting by browser, from the operator's call to the operator's completion.</summary>
public sealed class ConnectTests
{
    [Fact, Trait("Req", "E3")]
    public async Task A_first_connection_is_pending_until_the_backend_completes_it()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var back = await person.ConnectAsync(url);

        Assert.Equal((303, "app.example.com", id, "ref 1&2"), (back.Status, back.Location!.Host, back.Query("connect_session_id"), back.Query("client_reference")));
        Assert.Equal(ConnectionStatus.Pending, (await host.ConnectionOfAsync())!.Status);
        var waiting = await host.SessionAsync(id);
        Assert.Equal(("pending", true), (waiting.GetProperty("status").GetString(), waiting.GetProperty("awaits_completion").GetBoolean()));

        var (status, done) = await host.PostAsync($"/v1/connect-sessions/{id}/complete", new { code = back.Query("completion_code") });

        Assert.Equal((200, "connected"), (status, done.GetProperty("status").GetString()));
        var connection = (await host.ConnectionOfAsync())!;
        Assert.Equal((ConnectionStatus.Active, "alice", connection.Id.ToString()), (connection.Status, connection.ProviderAccountId, done.GetProperty("connection_id").GetString()));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_completion_code_works_once_and_only_for_its_session()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var (id, url) = await host.LinkAsync();
        var back = await person.ConnectAsync(url);
        var path = $"/v1/connect-sessions/{id}/complete";

        Assert.Equal((409, "wrong_code"), Coded(await host.PostAsync(path, new { code = "x" })));
        Assert.Equal(200, (await host.PostAsync(path, new { code = back.Query("completion_code") })).Status);
        Assert.Equal((409, "already_completed"), Coded(await host.PostAsync(path, new { code = back.Query("completion_code") })));
    }

    [Fact, Trait("Req", "E3")]
    public async Task The_code_of_one_consent_does_not_complete_anothers()
    {
        // Somebody keeps their own code back, lets a victim consent with a link for the same user, and then uses the code.
        await using var host = await ConnectHost.StartAsync();
        using var attacker = new Person();
        using var victim = new Person();
        host.Server.Consent = ConsentPolicy.Allow with { Account = "mallory" };
        var (own, ownUrl) = await host.LinkAsync();
        var kept = (await attacker.ConnectAsync(ownUrl)).Query("completion_code");
        host.Server.Consent = ConsentPolicy.Allow with { Account = "victim" };
        var (_, sent) = await host.LinkAsync();
        await victim.ConnectAsync(sent);

        Assert.Equal((409, "wrong_code"), Coded(await host.PostAsync($"/v1/connect-sessions/{own}/complete", new { code = kept })));
        Assert.Equal(ConnectionStatus.Pending, (await host.ConnectionOfAsync())!.Status);
    }

    [Fact, Trait("Req", "E3"), Trait("Failure", "F79")]
    public async Task Connecting_the_same_account_again_updates_the_connection()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);
        var first = (await host.ConnectionOfAsync())!;

        var (id, url) = await host.LinkAsync();
        var back = await person.ConnectAsync(url);

        Assert.Null(back.Query("completion_code"));
        Assert.Equal("connected", (await host.SessionAsync(id)).GetProperty("status").GetString());
        var second = (await host.Connections.GetAsync(first.Id, default))!;
        Assert.Equal((ConnectionStatus.Active, 2), (second.Connection.Status, second.Tokens!.GrantNo));
    }

    [Fact, Trait("Req", "C7")]
    public async Task A_reconnect_link_lets_the_same_connection_live_again()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);
        var before = (await host.ConnectionOfAsync())!;
        await host.Connections.PatchAsync(before.Id, new ConnectionPatch("mail", new Dictionary<string, string?> { ["plan"] = "gold" }), host.Clock.Now, default);
        await host.Connections.ApplyAsync(before.Id, new LeverChange.RequireReauthorization("test"), host.Clock.Now, default);

        var (status, link) = await host.PostAsync($"/v1/connections/{before.Id}/reconnect-link", new { });
        var done = await person.ConnectAsync(new Uri(link.GetProperty("url").GetString()!));

        Assert.Equal((201, "Acme is connected"), (status, done.Title));
        var after = (await host.Connections.GetAsync(before.Id, default))!.Connection;
        Assert.Equal((ConnectionStatus.Active, "mail", "gold"), (after.Status, after.Label, after.Metadata["plan"]));
        Assert.Contains(await host.Get<IAuditStore>().ListAsync("production", null, 10, default), e => e.Action == "connection.reconnect_link");
        Assert.Equal(410, (await person.OpenAsync(new Uri(link.GetProperty("url").GetString()!))).Status);
    }

    [Fact, Trait("Req", "C7"), Trait("Failure", "F78")]
    public async Task Another_account_does_not_take_over_a_connection()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);
        var before = (await host.Connections.GetAsync((await host.ConnectionOfAsync())!.Id, default))!;
        host.Server.Consent = ConsentPolicy.Allow with { Account = "bob" };

        var (_, link) = await host.PostAsync($"/v1/connections/{before.Connection.Id}/reconnect-link", new { completion = "auto" });
        var page = await person.ConnectAsync(new Uri(link.GetProperty("url").GetString()!));

        Assert.Contains("another account", page.Title, StringComparison.Ordinal);
        Assert.Equal("another_account", (await host.SessionAsync(link.GetProperty("id").GetString()!)).GetProperty("error_code").GetString());
        var after = (await host.Connections.GetAsync(before.Connection.Id, default))!;
        Assert.Equal((1, "alice"), (after.Tokens!.GrantNo, after.Connection.ProviderAccountId));
    }

    [Fact, Trait("Req", "E3")]
    public async Task Who_says_no_reads_so_and_can_try_again_with_the_same_link()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Deny;
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.ConnectAsync(url);

        Assert.Contains("did not allow", page.Title, StringComparison.Ordinal);
        Assert.Equal("denied", (await host.SessionAsync(id)).GetProperty("status").GetString());
        host.Server.Consent = ConsentPolicy.Allow;
        Assert.NotNull((await person.ConnectAsync(new Uri(page.Document.QuerySelector("a.button")!.GetAttribute("href")!))).Query("completion_code"));
    }

    [Fact, Trait("Req", "E5")]
    public async Task Fewer_scopes_than_needed_are_refused_unless_the_policy_accepts_them()
    {
        await using var host = await ConnectHost.StartAsync(i => i with { Scopes = ["read", "write"] });
        host.Server.Consent = ConsentPolicy.Allow with { Scopes = ["read"] };
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.ConnectAsync(url);

        Assert.Contains("allowed less", page.Title, StringComparison.Ordinal);
        Assert.Equal("missing_scopes", (await host.SessionAsync(id)).GetProperty("error_code").GetString());
        Assert.Null(await host.ConnectionOfAsync());
    }

    [Fact, Trait("Req", "E3")]
    public async Task Answers_of_the_form_are_checked_and_kept()
    {
        var plan = new Rekindle.Connect.ConnectField { Name = "share", Label = "Share", Kind = Rekindle.Connect.ConnectFieldKind.Percent, Required = true };
        await using var host = await ConnectHost.StartAsync(i => i with { ConnectFields = [plan] });
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var (_, url) = await host.LinkAsync();

        var refused = await person.PressAsync(await person.OpenAsync(url), ("metadata.share", "140"));
        Assert.Equal(422, refused.Status);
        Assert.Contains("from 0 to 100", refused.Text, StringComparison.Ordinal);
        await person.ConnectAsync(url, ("metadata.share", "12.50 %"));

        Assert.Equal("12.5", (await host.ConnectionOfAsync())!.Metadata["share"]);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Pages_are_strict_and_stand_on_their_own()
    {
        await using var host = await ConnectHost.StartAsync();
        using var person = new Person();

        var page = await person.OpenAsync((await host.LinkAsync()).Url);

        Assert.StartsWith("default-src 'none'; style-src 'sha256-", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal(("no-store", "no-referrer", "nosniff"), (page.Headers["Cache-Control"], page.Headers["Referrer-Policy"], page.Headers["X-Content-Type-Options"]));
        Assert.Empty(page.Document.QuerySelectorAll("script, link, img, iframe"));
        Assert.Equal("en", page.Document.DocumentElement.GetAttribute("lang"));
        Assert.NotNull(page.Document.QuerySelector("main h1"));
    }

    internal static (int Status, string? Code) Coded((int Status, System.Text.Json.JsonElement Body) answer) =>
        (answer.Status, answer.Body.GetProperty("code").GetString());
}
