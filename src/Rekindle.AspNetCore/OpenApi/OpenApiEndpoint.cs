using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Rekindle.AspNetCore.Http;
using Rekindle.Refresh;

namespace Rekindle.AspNetCore.OpenApi;

/// <summary><c>/openapi.json</c>: written at the first request, for whoever asks.</summary>
internal static class OpenApiEndpoint
{
    private static readonly JsonWriterOptions Indented = ApiJson.Writing with { Indented = true };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var document = new Lazy<byte[]>(() => Write(
            routes.DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>(), routes.ServiceProvider.GetRequiredService<WorkerIdentity>().Version));
        routes.MapMethods("/openapi.json", [HttpMethods.Get], (RequestDelegate)(http =>
        {
            http.Response.ContentType = "application/json";
            return http.Response.Body.WriteAsync(document.Value, http.RequestAborted).AsTask();
        }));
    }

    private static byte[] Write(IEnumerable<RouteEndpoint> endpoints, string version)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            OpenApiDocument.Of(endpoints, version).WriteTo(json);
        }

        return buffer.ToArray();
    }
}
