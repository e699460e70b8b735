using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Resources;
using Rekindle.Simulator.Tokens;

namespace Rekindle.Simulator;

/// <summary>The addresses of the simulated servers. A server is looked up per request: one may be added at any time.</summary>
internal static class Routes
{
    public static void Map(IEndpointRouteBuilder routes, SimulatorHost host)
    {
        Get("authorize", AuthorizeEndpoint.AskAsync);
        Post("authorize", AuthorizeEndpoint.DecideAsync);
        GetAndPost("token", static (context, server) => TokenEndpoint.HandleAsync(context, server, isRefreshPath: false));
        GetAndPost("refresh", static (context, server) => TokenEndpoint.HandleAsync(context, server, isRefreshPath: true));
        Post("revoke", RevokeEndpoint.HandleAsync);
        Get("userinfo", ResourceEndpoints.UserInfoAsync);
        Get("api/me", ResourceEndpoints.ApiAsync);
        Get(".well-known/openid-configuration", DiscoveryEndpoints.DocumentAsync);
        Get("jwks", DiscoveryEndpoints.KeysAsync);

        void Get(string path, Func<HttpContext, AuthorizationServer, Task> handle) => Map(path, ["GET"], handle);

        void Post(string path, Func<HttpContext, AuthorizationServer, Task> handle) => Map(path, ["POST"], handle);

        void GetAndPost(string path, Func<HttpContext, AuthorizationServer, Task> handle) => Map(path, ["GET", "POST"], handle);

        void Map(string path, string[] methods, Func<HttpContext, AuthorizationServer, Task> handle) =>
            routes.MapMethods($"/{{server}}/{path}", methods, (RequestDelegate)(context => FindServer(host, context) is { } server
                ? handle(context, server)
                : NotFoundAsync(context)));
    }

    private static AuthorizationServer? FindServer(SimulatorHost host, HttpContext context) =>
        host.Servers.GetValueOrDefault((string)context.Request.RouteValues["server"]!);

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
