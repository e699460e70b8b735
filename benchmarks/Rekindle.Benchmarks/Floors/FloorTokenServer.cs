using System.CommandLine;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rekindle.Benchmarks.Floors;

/// <summary>
/// The least that answers <c>GET /v1/connections/{id}/token</c> with the same JSON: a minimal-API endpoint that has the token in a
/// dictionary, with the server's Kestrel settings. No key is checked, nothing expires.
/// </summary>
internal static class FloorTokenServer
{
    public static Command Command()
    {
        var port = new Argument<int>("port");
        var command = new Command("floor-token-server") { port };
        command.Hidden = true;
        command.SetAction((parsed, cancelled) => RunAsync(parsed.GetValue(port), cancelled));
        return command;
    }

    private static async Task RunAsync(int port, CancellationToken cancelled)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, FloorJson.Default));
        builder.WebHost.UseKestrelHttpsConfiguration().UseUrls($"http://127.0.0.1:{port}").ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        await using var app = builder.Build();
        var token = new FloorToken(
            new string('a', StubProvider.AccessTokenLength), "Bearer", DateTimeOffset.UtcNow.AddHours(1), 3600, "read write", 1, "con_0000000000000", [], true, false);
        app.MapGet("/v1/connections/{id}/token", (string id, HttpResponse response) =>
        {
            response.Headers.CacheControl = "no-store";
            return token with { ConnectionId = id };
        });
        await app.StartAsync(cancelled);
        await app.WaitForShutdownAsync(cancelled);
    }
}

/// <summary>The answer.</summary>
internal sealed record FloorToken(
    string AccessToken, string TokenType, DateTimeOffset ExpiresAt, int ExpiresIn, string Scope, int Version, string ConnectionId, string[] Warnings, bool MinValidMet, bool Stale);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FloorToken))]
internal sealed partial class FloorJson : JsonSerializerContext;
