using System.Text.Json;

namespace Rekindle.Server.Tests.Api;

/// <summary>Tests of one class share a server; each uses subjects of its own.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    internal ApiHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

/// <summary>Short words for what API tests ask.</summary>
internal static class Answers
{
    public static string Code(this (int Status, JsonElement Body) answer) => answer.Body.GetProperty("code").GetString()!;

    public static string[] Fields(this (int Status, JsonElement Body) answer) =>
        [.. answer.Body.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!)];

    public static int Number(this (int Status, JsonElement Body) answer, string name) => answer.Body.GetProperty(name).GetInt32();

    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    public static JsonElement[] Items(this (int Status, JsonElement Body) answer) => [.. answer.Body.GetProperty("items").EnumerateArray()];
}
