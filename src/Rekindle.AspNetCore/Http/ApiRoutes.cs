using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Rekindle.AspNetCore.Http;

/// <summary>An endpoint of <typeparamref name="T"/>.</summary>
internal delegate ValueTask<ApiAnswer> ApiEndpoint<in T>(T endpoints, ApiCall call);

/// <summary>
/// Maps the routes of one class of endpoints. The class is resolved when its first request comes: the API can be described
/// without a database and a key ring.
/// </summary>
internal sealed class ApiRoutes<T>(IEndpointRouteBuilder routes)
    where T : class
{
    // ConnectSessionEndpoints: connect sessions.
    private static readonly string Tag = JsonNamingPolicy.SnakeCaseLower.ConvertName(typeof(T).Name.Replace("Endpoints", "", StringComparison.Ordinal)).Replace('_', ' ');

    private readonly Lazy<T> _endpoints = new(routes.ServiceProvider.GetRequiredService<T>);
    private readonly Lazy<ApiPipeline> _pipeline = new(routes.ServiceProvider.GetRequiredService<ApiPipeline>);

    public void Get(string pattern, ApiOperation operation, ApiEndpoint<T> endpoint) => Map(HttpMethods.Get, pattern, operation, endpoint);

    public void Post(string pattern, ApiOperation operation, ApiEndpoint<T> endpoint) => Map(HttpMethods.Post, pattern, operation, endpoint);

    public void Put(string pattern, ApiOperation operation, ApiEndpoint<T> endpoint) => Map(HttpMethods.Put, pattern, operation, endpoint);

    public void Patch(string pattern, ApiOperation operation, ApiEndpoint<T> endpoint) => Map(HttpMethods.Patch, pattern, operation, endpoint);

    public void Delete(string pattern, ApiOperation operation, ApiEndpoint<T> endpoint) => Map(HttpMethods.Delete, pattern, operation, endpoint);

    /// <summary>An endpoint without caller, which writes its own answer; to HEAD the server sends it without the body.</summary>
    public void Anonymous(string pattern, ApiOperation operation, Func<T, HttpContext, Task> endpoint) =>
        routes.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)(http => endpoint(_endpoints.Value, http)))
            .WithMetadata(operation with { Anonymous = true, Tag = Tag });

    /// <summary>An endpoint that sees to its caller itself.</summary>
    public void Own(string pattern, ApiOperation operation, Func<T, HttpContext, Task> endpoint) =>
        routes.MapMethods(pattern, [HttpMethods.Get], (RequestDelegate)(http => endpoint(_endpoints.Value, http))).WithMetadata(operation with { Tag = Tag });

    private void Map(string method, string pattern, ApiOperation operation, ApiEndpoint<T> endpoint)
    {
        var described = operation with { Query = [.. operation.Query, .. ConnectionName.ParametersOf(pattern)], Tag = Tag };
        routes.MapMethods(pattern, [method], (RequestDelegate)(http =>
            _pipeline.Value.RunAsync(http, described, call => endpoint(_endpoints.Value, call)))).WithMetadata(described);
    }
}
