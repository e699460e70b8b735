using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rekindle.Connect;
using Rekindle.Storage;

namespace Rekindle.AspNetCore.Connect;

/// <summary>The pages that a person sees, and the callback that providers send browsers to.</summary>
internal sealed class ConnectPageEndpoints(
    ConnectFlow flow, ConnectCallback callback, PostedAnswers posted, ConnectSite sites, BrowserCookies cookies, ILogger<ConnectPageEndpoints> logger)
{
    private const int MaxForm = 64 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = new Lazy<ConnectPageEndpoints>(() => ActivatorUtilities.CreateInstance<ConnectPageEndpoints>(routes.ServiceProvider));
        string[] look = [HttpMethods.Get, HttpMethods.Head];
        Add(look, "/connect/{link}", static (e, http, site) => e.ShowAsync(http, site));
        Add([HttpMethods.Post], "/connect/{link}", static (e, http, site) => e.StartAsync(http, site));
        Add([HttpMethods.Get], "/connect/callback/{environment}/{integration}", static (e, http, site) => e.FinishAsync(http, site));
        Add([HttpMethods.Post], "/connect/callback/{environment}/{integration}", static (e, http, site) => e.TakeOverAsync(http, site));

        void Add(string[] methods, string pattern, Func<ConnectPageEndpoints, HttpContext, Uri, Task> endpoint) =>
            routes.MapMethods(pattern, methods, (RequestDelegate)(http => endpoints.Value.RunAsync(http, endpoint))).ExcludeFromDescription();
    }

    private async Task RunAsync(HttpContext http, Func<ConnectPageEndpoints, HttpContext, Uri, Task> endpoint)
    {
        var site = sites.Of(http.Request);
        PageShell.WriteHeaders(http, site?.Scheme == Uri.UriSchemeHttp);
        try
        {
            await (site is null ? ShowProblemAsync(http, new ConnectView.Problem(PageErrors.NoAddress), null) : endpoint(this, http, site)).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            logger.StoreAway(e.Message);
            await ShowProblemAsync(http, new ConnectView.Problem(PageErrors.DatabaseAway), site).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BadHttpRequestException or InvalidDataException)
        {
            await ShowProblemAsync(http, new ConnectView.Problem(PageErrors.Unreadable), site).ConfigureAwait(false);
        }
    }

    private async Task ShowAsync(HttpContext http, Uri site)
    {
        var link = Route(http, "link");
        var view = await flow.ViewAsync(link, http.Request.Query["integration"], http.RequestAborted).ConfigureAwait(false);
        await WriteAsync(http, site, link, view).ConfigureAwait(false);
    }

    private async Task StartAsync(HttpContext http, Uri site)
    {
        var link = Route(http, "link");
        var form = await ReadFormAsync(http).ConfigureAwait(false);
        if (!cookies.IsProof(form["proof"], link, BrowserCookies.Read(http, BrowserCookies.SessionOf(link), site)))
        {
            await ShowProblemAsync(http, new ConnectView.Problem(PageErrors.ForeignForm, link), site).ConfigureAwait(false);
            return;
        }

        var answers = form.Where(pair => pair.Value.Count == 1).ToDictionary(pair => pair.Key, pair => pair.Value[0] ?? "");
        var view = await flow.StartAsync(link, form["integration"], answers, site, http.RequestAborted).ConfigureAwait(false);
        await WriteAsync(http, site, link, view).ConfigureAwait(false);
    }

    private async Task FinishAsync(HttpContext http, Uri site)
    {
        var (environment, integration) = (Route(http, "environment"), Route(http, "integration"));
        var answer = http.Request.Query["answer"] is [{ } carried]
            ? posted.Open(environment, integration, carried)
            : ConnectAnswer.From(http.Request.Query.SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value ?? ""))));
        var view = await callback.FinishAsync(environment, integration, answer, session => BrowserCookies.Read(http, session, site), site, http.RequestAborted)
            .ConfigureAwait(false);
        if (view is ConnectView.Connected connected)
        {
            BrowserCookies.Delete(http, connected.Session.Id, site);
        }

        await WriteAsync(http, site, "", view).ConfigureAwait(false);
    }

    /// <summary>A form_post answer comes from the provider's page, so without our cookie: on to a GET of our own site, which has it.</summary>
    private async Task TakeOverAsync(HttpContext http, Uri site)
    {
        var (environment, integration) = (Route(http, "environment"), Route(http, "integration"));
        var form = await ReadFormAsync(http).ConfigureAwait(false);
        var answer = ConnectAnswer.From(form.SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value ?? ""))));
        if (answer is null || posted.Seal(environment, integration, answer) is not { } carried)
        {
            await ShowProblemAsync(http, new ConnectView.Problem(PageErrors.Unreadable), site).ConfigureAwait(false);
            return;
        }

        SeeOther(http, new Uri($"{ConnectPaths.Callback(site, environment, integration)}?answer={carried}"));
    }

    private Task WriteAsync(HttpContext http, Uri site, string link, ConnectView view)
    {
        switch (view)
        {
            case ConnectView.Choose choose:
                return ShowAsync(http, 200, ConnectPages.Choose(choose));
            case ConnectView.Ask ask:
                return ShowFormAsync(http, site, link, ask);
            case ConnectView.Leave leave:
                BrowserCookies.Write(http, leave.Session, leave.Browser.Reveal(), site);
                SeeOther(http, leave.Address);
                return Task.CompletedTask;
            case ConnectView.Connected { ReturnTo: { } back }:
                SeeOther(http, back);
                return Task.CompletedTask;
            case ConnectView.Connected connected:
                return ShowAsync(http, 200, ConnectPages.Connected(connected));
            case ConnectView.Problem problem:
                return ShowProblemAsync(http, problem, site);
            default:
                throw new InvalidOperationException($"Unknown view {view.GetType().Name}.");
        }
    }

    private Task ShowFormAsync(HttpContext http, Uri site, string link, ConnectView.Ask ask)
    {
        var cookie = BrowserCookies.Read(http, ask.Session.Id, site);
        if (cookie is null)
        {
            cookie = BrowserCookies.New();
            BrowserCookies.Write(http, ask.Session.Id, cookie, site);
        }

        return ShowAsync(http, ask.Form.IsComplete ? 200 : 422, ConnectPages.Ask(ask, cookies.ProofOf(link, cookie)));
    }

    private static Task ShowProblemAsync(HttpContext http, ConnectView.Problem problem, Uri? site)
    {
        var retry = problem.RetryLink is { } link && site is not null ? ConnectPaths.Link(site, link) : null;
        return ShowAsync(http, StatusOf(problem.Error.Code), ConnectPages.Problem(problem, retry));
    }

    private static Task ShowAsync(HttpContext http, int status, (string Title, string Body) page) => PageShell.WriteAsync(http, status, page.Title, page.Body);

    private static void SeeOther(HttpContext http, Uri address)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = address.AbsoluteUri;
    }

    private static async Task<IFormCollection> ReadFormAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxForm;
        }

        return http.Request.HasFormContentType
            ? await http.Request.ReadFormAsync(new FormOptions { ValueCountLimit = 100, BufferBodyLengthLimit = MaxForm }, http.RequestAborted).ConfigureAwait(false)
            : FormCollection.Empty;
    }

    private static string Route(HttpContext http, string name) => (string)http.Request.RouteValues[name]!;

    private static int StatusOf(ConnectErrorCode code) => code switch
    {
        ConnectErrorCode.LinkInvalid => 404,
        ConnectErrorCode.LinkExpired or ConnectErrorCode.LinkUsed or ConnectErrorCode.ConnectionGone => 410,
        ConnectErrorCode.WrongBrowser or ConnectErrorCode.FormNotOurs => 403,
        ConnectErrorCode.SignInUnderWay or ConnectErrorCode.AnswerUsed or ConnectErrorCode.ConnectionDisabled => 409,
        ConnectErrorCode.ProviderUnavailable or ConnectErrorCode.IntegrationUnavailable or ConnectErrorCode.StorageUnavailable => 503,
        _ => 400,
    };
}
