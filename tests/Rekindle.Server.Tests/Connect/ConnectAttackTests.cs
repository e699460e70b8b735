using Rekindle.Simulator.Authorize;

namespace Rekindle.Server.Tests.Connect;

/// <summary>What others may try with links, answers and addresses. In every case nothing is connected.</summary>
public sealed class ConnectAttackTests : IAsyncLifetime
{
    private readonly Person _person = new();
    private readonly Person _other = new();
    private ConnectHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ConnectHost.StartAsync();
        _host.Server.Consent = ConsentPolicy.Allow;
    }

    public async ValueTask DisposeAsync()
    {
        _person.Dispose();
        _other.Dispose();
        await _host.DisposeAsync();
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_answer_in_another_browser_connects_nothing_and_the_right_one_still_can()
    {
        var (id, url) = await _host.LinkAsync();
        var answer = await _person.SignInAsync(url);

        var page = await _other.OpenAsync(answer);

        Assert.Equal((403, "wrong_browser"), (page.Status, (await _host.SessionAsync(id)).GetProperty("error_code").GetString()));
        Assert.Null(await _host.ConnectionOfAsync());
        Assert.Equal(303, (await _person.OpenAsync(answer)).Status);
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_answer_counts_once()
    {
        var (_, url) = await _host.LinkAsync();
        var answer = await _person.SignInAsync(url);
        await _person.OpenAsync(answer);

        Assert.InRange((await _person.OpenAsync(answer)).Status, 400, 409);
        Assert.Equal(1, (await _host.Connections.GetAsync((await _host.ConnectionOfAsync())!.Id, default))!.Tokens!.GrantNo);
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_answer_at_another_integrations_callback_is_unknown()
    {
        var answer = await _person.SignInAsync((await _host.LinkAsync()).Url);

        var page = await _person.OpenAsync(new Uri(answer.AbsoluteUri.Replace("/acme?", "/other?", StringComparison.Ordinal)));

        Assert.Equal(400, page.Status);
        Assert.Null(await _host.ConnectionOfAsync());
    }

    [Fact, Trait("Req", "E3")]
    public async Task Looking_at_a_link_changes_nothing_however_often()
    {
        var (id, url) = await _host.LinkAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await _other.OpenAsync(url)).Status);
        }

        Assert.Equal("pending", (await _host.SessionAsync(id)).GetProperty("status").GetString());
        Assert.Empty(_host.Server.Grants);
        Assert.Equal(303, (await _person.ConnectAsync(url)).Status);
    }

    [Fact, Trait("Req", "C7")]
    public async Task A_link_that_was_changed_is_none()
    {
        var (_, url) = await _host.LinkAsync();
        var text = url.AbsoluteUri;

        Assert.Equal(404, (await _person.OpenAsync(new Uri(text[..^1] + (text[^1] == 'A' ? 'Q' : 'A')))).Status);
        Assert.Equal(404, (await _person.OpenAsync(new Uri(text[..text.LastIndexOf('.')]))).Status);
        Assert.Equal(404, (await _person.OpenAsync(new Uri(_host.Site, "/connect/" + new string('a', 5000)))).Status);
    }

    [Fact, Trait("Req", "C7")]
    public async Task A_link_ends()
    {
        var (id, url) = await _host.LinkAsync();
        _host.Clock.Advance(TimeSpan.FromMinutes(61));

        Assert.Equal((410, "expired"), ((await _person.OpenAsync(url)).Status, (await _host.SessionAsync(id)).GetProperty("status").GetString()));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_form_that_another_site_sends_starts_nothing()
    {
        var (id, url) = await _host.LinkAsync();
        await _person.OpenAsync(url);

        var page = await _person.PostAsync(url, [KeyValuePair.Create("proof", "forged"), KeyValuePair.Create("integration", "acme")]);

        Assert.Equal((403, "pending"), (page.Status, (await _host.SessionAsync(id)).GetProperty("status").GetString()));
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("https://evil.example.com/")]
    [InlineData("https://app.example.com.evil.example/")]
    [InlineData("https://app.example.com@evil.example/")]
    [InlineData("https://app.example.com:444/")]
    [InlineData("http://app.example.com/")]
    [InlineData("//evil.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("https://app.example.com\\@evil.example/")]
    [InlineData("https://app.example.com/\r\nSet-Cookie: a=b")]
    [InlineData("https://app.example.com/#fragment")]
    public async Task A_browser_is_sent_back_to_allowed_addresses_only(string url)
    {
        var (status, body) = await _host.PostAsync("/v1/connect-sessions", new { integration = "acme", subject = "user-1", return_url = url });

        Assert.Equal((422, "invalid_request"), (status, body.GetProperty("code").GetString()));
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("")]
    [InlineData("?state=")]
    [InlineData("?code=x&state=unknown")]
    [InlineData("?code=x&code=y&state=a&state=b")]
    [InlineData("?code=%00&state=%00")]
    [InlineData("?answer=not-sealed")]
    [InlineData("?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E")]
    public async Task An_answer_without_a_sign_in_is_a_plain_page(string query)
    {
        var page = await _person.OpenAsync(new Uri(_host.Site, "/connect/callback/production/acme" + query));

        Assert.Equal(400, page.Status);
        Assert.Empty(page.Document.QuerySelectorAll("script"));
        Assert.DoesNotContain("alert", page.Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "E3")]
    public async Task What_is_not_completed_in_time_is_erased()
    {
        var (id, url) = await _host.LinkAsync();
        var back = await _person.ConnectAsync(url);
        var connection = (await _host.ConnectionOfAsync())!.Id;

        _host.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal((409, "expired"), ConnectTests.Coded(await _host.PostAsync($"/v1/connect-sessions/{id}/complete", new { code = back.Query("completion_code") })));
        _host.Clock.Advance(TimeSpan.FromMinutes(30));
        await _host.MaintainAsync();

        Assert.Null(await _host.Connections.GetAsync(connection, default));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_stray_look_at_an_old_answer_does_not_undo_a_newer_press_of_the_button()
    {
        // The old answer is read, the person presses the button again, and only then is the old answer's note written.
        var (id, url) = await _host.LinkAsync();
        await _person.SignInAsync(url);
        var sessions = _host.Get<Storage.IConnectSessionStore>();
        var read = (await sessions.FindAsync(id, default))!;
        var answer = await _person.SignInAsync(url);

        Assert.False(await sessions.AdvanceAsync(read, read with { Error = "late" }, default));

        Assert.Equal(303, (await _person.OpenAsync(answer)).Status);
    }

    [Fact, Trait("Req", "C7")]
    public async Task Trying_again_does_not_put_off_the_end_of_a_link()
    {
        _host.Server.Consent = ConsentPolicy.Deny;
        var (_, url) = await _host.LinkAsync();
        _host.Clock.Advance(TimeSpan.FromMinutes(55));
        var answer = await _person.SignInAsync(url);

        var denied = await _person.OpenAsync(answer);
        var retry = new Uri(denied.Document.QuerySelector("a.button")!.GetAttribute("href")!);
        _host.Clock.Advance(TimeSpan.FromMinutes(6));

        Assert.Equal(410, (await _person.OpenAsync(retry)).Status);
    }

    [Fact, Trait("Req", "C7")]
    public async Task A_sign_in_that_outlived_its_link_offers_no_other_try()
    {
        _host.Server.Consent = ConsentPolicy.Deny;
        var (id, url) = await _host.LinkAsync();
        _host.Clock.Advance(TimeSpan.FromMinutes(55));
        var answer = await _person.SignInAsync(url);
        _host.Clock.Advance(TimeSpan.FromMinutes(10));

        var denied = await _person.OpenAsync(answer);

        Assert.Equal("access_denied", (await _host.SessionAsync(id)).GetProperty("error_code").GetString());
        Assert.Null(denied.Document.QuerySelector("a.button"));
    }

    [Fact, Trait("Req", "E3")]
    public async Task Behind_a_proxy_that_ends_TLS_a_neighbours_cookie_is_no_proof()
    {
        await using var host = await ConnectHost.StartAsync(publicUrl: "https://tokens.example.com");
        var (_, url) = await host.LinkAsync();
        using var browser = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
        var local = new Uri(host.Site, url.PathAndQuery);
        using var form = await browser.GetAsync(local);
        var cookie = Assert.Single(form.Headers.GetValues("Set-Cookie")).Split(';')[0];
        var page = await Page.ReadAsync(local, form);
        var proof = page.Document.QuerySelector("input[name=proof]")!.GetAttribute("value")!;

        Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
        Assert.Equal(403, (await PressAsync(cookie["__Host-".Length..])).Status);
        var left = await PressAsync(cookie);
        Assert.True(left.Status == 303, left.Text);

        async Task<Page> PressAsync(string sent)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, local)
            {
                Content = new FormUrlEncodedContent([KeyValuePair.Create("proof", proof), KeyValuePair.Create("integration", "acme")]),
            };
            request.Headers.Add("Cookie", sent);
            using var answer = await browser.SendAsync(request);
            return await Page.ReadAsync(local, answer);
        }
    }
}
