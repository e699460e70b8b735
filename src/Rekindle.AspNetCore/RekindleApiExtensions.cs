using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Rekindle.AspNetCore;
using Rekindle.AspNetCore.Connect;
using Rekindle.AspNetCore.Http;
using Rekindle.AspNetCore.OpenApi;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds Rekindle's HTTP API to an application that has the engine (<c>AddRekindle</c>).</summary>
public static class RekindleApiExtensions
{
    /// <summary>Registers what <see cref="MapRekindleApi"/> needs.</summary>
    public static IServiceCollection AddRekindleApi(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<AuthenticationFailures>();
        services.TryAddSingleton<ApiAuthentication>();
        services.TryAddSingleton<Idempotency>();
        services.TryAddSingleton<ApiPipeline>();
        services.TryAddSingleton<ConnectionName>();
        services.TryAddSingleton<ConnectSite>();
        services.TryAddSingleton<BrowserCookies>();
        foreach (var endpoints in ApiEndpoints.All)
        {
            services.TryAddSingleton(endpoints.Type);
        }

        return services;
    }

    /// <summary>
    /// Maps the API under <c>/v1</c>, the connect pages under <c>/connect</c>, <c>/openapi.json</c>, <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>. It authenticates its own callers by their API keys and
    /// writes its own request log, which names route templates only: leave the host's request log off, it prints links and codes.
    /// </summary>
    public static IEndpointRouteBuilder MapRekindleApi(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        foreach (var endpoints in ApiEndpoints.All)
        {
            endpoints.Map(routes);
        }

        ConnectPageEndpoints.Map(routes);
        OpenApiEndpoint.Map(routes);
        return routes;
    }

    /// <summary>
    /// Gives addresses that nobody answers problem details instead of an empty body. For an application that is nothing but this API.
    /// </summary>
    public static IApplicationBuilder UseRekindleProblems(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.Use(static async (http, next) =>
        {
            await next(http).ConfigureAwait(false);
            if (http.Response is { HasStarted: false, ContentLength: null, ContentType: null, StatusCode: 404 or 405 } response)
            {
                await (response.StatusCode == 404 ? Problems.UnknownRoute : Problems.WrongMethod).WriteAsync(http).ConfigureAwait(false);
            }
        });
    }
}
