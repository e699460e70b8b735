using System.Net;
using System.Web;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace Rekindle.Server.Tests.Connect;

/// <summary>A person with a browser of their own: pages, forms, cookies, and redirects one by one.</summary>
internal sealed class Person : IDisposable
{
    private readonly HttpClient _browser;

    /// <param name="watch">Sees every answer; null: nobody does.</param>
    public Person(DelegatingHandler? watch = null)
    {
        var browser = new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };
        watch?.InnerHandler = browser;
        _browser = new HttpClient(watch ?? (HttpMessageHandler)browser);
    }

    public async Task<Page> OpenAsync(Uri address)
    {
        using var answer = await _browser.GetAsync(address);
        return await Page.ReadAsync(address, answer);
    }

    /// <summary>Presses the button of a page's form, with some answers in it.</summary>
    public async Task<Page> PressAsync(Page page, params (string Name, string Value)[] answers)
    {
        var form = page.Document.QuerySelector<IHtmlFormElement>("form")!;
        var values = form.Elements.OfType<IHtmlInputElement>().Where(i => i.Type is not ("radio" or "checkbox") || i.IsChecked)
            .Select(i => KeyValuePair.Create(i.Name!, i.Value))
            .Concat(form.Elements.OfType<IHtmlSelectElement>().Select(s => KeyValuePair.Create(s.Name!, s.Value ?? "")))
            .Where(pair => answers.All(a => a.Name != pair.Key))
            .Concat(answers.Select(a => KeyValuePair.Create(a.Name, a.Value))).ToList();
        return await PostAsync(new Uri(page.Address, form.GetAttribute("action") ?? page.Address.PathAndQuery), values);
    }

    public async Task<Page> PostAsync(Uri address, IEnumerable<KeyValuePair<string, string>> values)
    {
        using var content = new FormUrlEncodedContent(values);
        using var answer = await _browser.PostAsync(address, content);
        return await Page.ReadAsync(address, answer);
    }

    /// <summary>Link → button → provider → whatever the provider decides → back. The address that the provider sends the browser to.</summary>
    public async Task<Uri> SignInAsync(Uri link, params (string Name, string Value)[] answers)
    {
        var left = await PressAsync(await OpenAsync(link), answers);
        Assert.Equal(303, left.Status);
        var back = await OpenAsync(left.Location!);
        return back.Location ?? throw new InvalidOperationException(back.Text);
    }

    /// <summary>The whole way, to the page or address after the callback.</summary>
    public async Task<Page> ConnectAsync(Uri link, params (string Name, string Value)[] answers) => await OpenAsync(await SignInAsync(link, answers));

    public void Dispose() => _browser.Dispose();
}

/// <summary>What a browser got.</summary>
internal sealed record Page(Uri Address, int Status, Uri? Location, IHtmlDocument Document, IReadOnlyDictionary<string, string> Headers)
{
    public string Text => Document.Body?.TextContent ?? "";

    public string Title => Document.QuerySelector("h1")?.TextContent ?? "";

    public string? Query(string name) => HttpUtility.ParseQueryString(Location!.Query)[name];

    public static async Task<Page> ReadAsync(Uri address, HttpResponseMessage answer)
    {
        var location = answer.Headers.Location is { } to ? new Uri(address, to) : null;
        var headers = answer.Headers.Concat(answer.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        return new Page(address, (int)answer.StatusCode, location, new HtmlParser().ParseDocument(await answer.Content.ReadAsStringAsync()), headers);
    }
}
