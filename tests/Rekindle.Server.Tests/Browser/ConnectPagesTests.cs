using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Rekindle.Connect;
using Rekindle.Providers;
using Rekindle.Server.Tests.Connect;
using Rekindle.Simulator;
using Rekindle.Simulator.Authorize;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Browser;

/// <summary>Every connect page in a real browser: nothing for axe to object to in either colour scheme, nothing that the policy blocks, no sideways scrolling.</summary>
[Trait("Speed", "slow")]
public sealed class ConnectPagesTests : IAsyncLifetime
{
    private const string LongName = "Warehouse-Management-and-Order-Fulfilment";

    private static readonly ConnectField[] Questions =
    [
        new()
        {
            Name = "plan", Label = "Plan", Kind = ConnectFieldKind.Choice, Required = true,
            Choices = new Dictionary<string, string> { ["gold"] = "Gold", ["silver"] = "Silver" },
        },
        new() { Name = "limit", Label = "Orders a day", Help = "How many orders at most are taken over each day.", Kind = ConnectFieldKind.Number, Min = 1, Max = 500 },
        new() { Name = "share", Label = "Share", Kind = ConnectFieldKind.Percent, Required = true, Default = "50" },
        new() { Name = "note", Label = "Anything we should know about this account before the first orders are taken over" },
    ];

    private ConnectHost _host = null!;
    private Chromium _chromium = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ConnectHost.StartAsync(
            i => i with { ConnectFields = Questions, Scopes = ["read", "write"] },
            entry: server => CatalogueEntry.Of(server).With("identity", "name_path: email"));
        _host.Server.Consent = ConsentPolicy.Allow;
        _chromium = await Chromium.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("start")]
    [InlineData("choose")]
    [InlineData("answers-refused")]
    [InlineData("reconnect")]
    [InlineData("done")]
    [InlineData("denied")]
    [InlineData("allowed-less")]
    [InlineData("another-account")]
    [InlineData("not-set-up")]
    [InlineData("link-broken")]
    [InlineData("link-expired")]
    [InlineData("link-used")]
    [InlineData("other-browser")]
    public async Task A_page_is_accessible_fits_a_small_screen_and_breaks_no_policy(string name)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using var person = await _chromium.NewPersonAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = 320, Height = 640 } });
            var page = await person.NewPageAsync();
            var complaints = new List<string>();
            page.Console += (_, said) => complaints.Add(said.Text);

            await ReachAsync(page, name);

            Assert.Empty((await page.RunAxe()).Violations.Select(v => $"{v.Id}: {v.Help} {string.Join(' ', v.Nodes.Select(n => n.Html))}"));
            Assert.Equal(320, await page.EvaluateAsync<int>("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"));
            Assert.DoesNotContain(complaints, text => text.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase));
            await KeepAsync(page, $"{name}-{scheme.ToString().ToLowerInvariant()}-320");
            await page.SetViewportSizeAsync(1024, 768);
            await KeepAsync(page, $"{name}-{scheme.ToString().ToLowerInvariant()}-1024");
        }
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_account_is_connected_without_a_script_and_by_keyboard_alone()
    {
        _host.Server.Consent = ConsentPolicy.Ask;
        await using var person = await _chromium.NewPersonAsync(new() { JavaScriptEnabled = false });
        var page = await person.NewPageAsync();
        await page.GotoAsync((await LinkAsync()).AbsoluteUri);

        await page.GetByLabel("Plan").PressAsync("ArrowDown");
        await page.GetByLabel("Share").FillAsync("12");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).PressAsync("Enter");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Acme is connected");
        Assert.Equal(("gold", "12"), ((await _host.ConnectionOfAsync())!.Metadata["plan"], (await _host.ConnectionOfAsync())!.Metadata["share"]));
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_answer_that_another_site_posts_comes_back_with_the_cookie_of_this_one()
    {
        // For a browser localhost and 127.0.0.1 are two sites: the POST comes without our cookie, the GET after it with it.
        await using var host = await ConnectHost.StartAsync(entry: server => CatalogueEntry.Of(server)
            .Replace(server.AuthorizeEndpoint.AbsoluteUri, server.AuthorizeEndpoint.AbsoluteUri.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), StringComparison.Ordinal)
            .With("requests", "response_mode: form_post"));
        await using var person = await _chromium.NewPersonAsync(new() { JavaScriptEnabled = false });
        var page = await person.NewPageAsync();
        var posted = new List<IRequest>();
        page.Request += (_, request) => posted.Add(request);
        var made = await host.CreateAsync(new { integration = "acme", subject = "user-1", completion = "auto" });

        await page.GotoAsync(made.GetProperty("url").GetString()!);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue to Acme" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Acme is connected");
        var callback = posted.Where(r => r.Url.Contains("/connect/callback/", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["POST", "GET"], callback.Select(r => r.Method));
        Assert.DoesNotContain("cookie", (await callback[0].AllHeadersAsync()).Keys);
        Assert.Contains("cookie", (await callback[1].AllHeadersAsync()).Keys);
    }

    private async Task ReachAsync(IPage page, string name)
    {
        switch (name)
        {
            case "start":
                await page.GotoAsync((await LinkAsync()).AbsoluteUri);
                break;
            case "choose":
                await AddAsync("other", LongName);
                await page.GotoAsync((await LinkAsync(integration: null)).AbsoluteUri);
                break;
            case "answers-refused":
                await page.GotoAsync((await LinkAsync()).AbsoluteUri);
                await page.Locator("form").EvaluateAsync("form => form.noValidate = true");
                await page.GetByLabel("Share").FillAsync("a lot");
                await page.GetByRole(AriaRole.Button).ClickAsync();
                break;
            case "reconnect":
                _host.Server.Consent = ConsentPolicy.Allow with { Account = "a-very-long-name-of-somebody-somewhere@mail.example.com" };
                await ConnectAsync(page, await LinkAsync());
                await page.GotoAsync((await ReconnectLinkAsync()).AbsoluteUri);
                break;
            case "done":
                await ConnectAsync(page, await LinkAsync());
                break;
            case "denied":
                _host.Server.Consent = ConsentPolicy.Deny;
                await ConnectAsync(page, await LinkAsync(returnUrl: ConnectHost.ReturnUrl));
                break;
            case "allowed-less":
                _host.Server.Consent = ConsentPolicy.Allow with { Scopes = ["read"] };
                await ConnectAsync(page, await LinkAsync());
                break;
            case "another-account":
                _host.Server.Consent = ConsentPolicy.Allow;
                await ConnectAsync(page, await LinkAsync());
                _host.Server.Consent = ConsentPolicy.Allow with { Account = "bob" };
                await ConnectAsync(page, await ReconnectLinkAsync());
                break;
            case "not-set-up":
                _host.Server.Consent = ConsentPolicy.Refuse("unauthorized_client");
                await ConnectAsync(page, await LinkAsync());
                break;
            case "link-broken":
                await page.GotoAsync(new Uri(_host.Site, "/connect/cs_incomplete").AbsoluteUri);
                break;
            case "link-expired":
                var old = await LinkAsync(returnUrl: ConnectHost.ReturnUrl);
                _host.Clock.Advance(TimeSpan.FromDays(1));
                await page.GotoAsync(old.AbsoluteUri);
                break;
            case "link-used":
                var used = await LinkAsync();
                await ConnectAsync(page, used);
                await page.GotoAsync(used.AbsoluteUri);
                break;
            default:
                using (var began = new Person())
                {
                    await page.GotoAsync((await began.SignInAsync(await LinkAsync(), ("metadata.plan", "gold"))).AbsoluteUri);
                }

                break;
        }
    }

    private static async Task ConnectAsync(IPage page, Uri link)
    {
        await page.GotoAsync(link.AbsoluteUri);
        await page.GetByLabel("Plan").SelectOptionAsync("gold");
        await page.GetByRole(AriaRole.Button).ClickAsync();
    }

    private async Task<Uri> LinkAsync(string? integration = "acme", string? returnUrl = null)
    {
        var made = await _host.CreateAsync(new { integration, subject = "user-1", completion = "auto", return_url = returnUrl });
        return new Uri(made.GetProperty("url").GetString()!);
    }

    private async Task<Uri> ReconnectLinkAsync()
    {
        var (_, link) = await _host.PostAsync($"/v1/connections/{(await _host.ConnectionOfAsync())!.Id}/reconnect-link", new { });
        return new Uri(link.GetProperty("url").GetString()!);
    }

    private async Task AddAsync(string key, string name)
    {
        if (!(await _host.Get<IntegrationDirectory>().AllAsync(default)).Any(e => e.Integration.Key == key))
        {
            await _host.AddIntegrationAsync(
                new() { Environment = "production", Key = key, Provider = "sim-acme", DisplayName = name, ClientId = RegisteredClient.Default.Id },
                RegisteredClient.Default.Secrets[0]);
        }
    }

    // For people who change the pages: how they look now.
    private static async Task KeepAsync(IPage page, string name) =>
        await page.ScreenshotAsync(new() { Path = Repository.PathTo("artifacts", "test", "pages", $"connect-{name}.png"), FullPage = true });
}
