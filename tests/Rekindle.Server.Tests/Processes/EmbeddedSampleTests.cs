using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Rekindle.Server.Tests.Engine;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Processes;

/// <summary>The sample as its readers start it: a process of its own, with the engine inside.</summary>
public sealed class EmbeddedSampleTests
{
    [Fact]
    [Trait("Req", "A11")]
    public async Task The_sample_refreshes_an_ended_token_for_whoever_asks_it()
    {
        using var folder = new TempFolder();
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Time = TimeProvider.System,
            Folder = folder.Path,
            Store = (builder, path) => builder.UseSqlite(Path.Combine(path, "embedded.db")),
        });
        await engine.ImportAsync("user-1", change: g => g.ExpiresAt = TimeProvider.System.GetUtcNow().AddMinutes(-1));
        File.Copy(folder.File("keys"), folder.File("embedded.keys"));
        using var sample = Start(folder);

        try
        {
            using var http = new HttpClient { BaseAddress = await AddressAsync(sample).WaitAsync(TimeSpan.FromSeconds(60)) };
            using var known = await http.GetAsync("/token/acme/user-1");
            using var unknown = await http.GetAsync("/token/acme/nobody");
            var token = JsonElement.Parse(await known.Content.ReadAsStringAsync());

            Assert.Equal((200, 2), ((int)known.StatusCode, token.GetProperty("version").GetInt32()));
            Assert.Equal((409, "NotConnected"), ((int)unknown.StatusCode, JsonElement.Parse(await unknown.Content.ReadAsStringAsync()).GetProperty("title").GetString()));
            Assert.Single(engine.Simulator.History.Refreshes());
        }
        finally
        {
            sample.Kill();
            await sample.WaitForExitAsync();
        }
    }

    private static Process Start(TempFolder folder)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Embedded.dll")]) { WorkingDirectory = folder.Path, RedirectStandardOutput = true };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["Rekindle__Catalogue__OverrideFolder"] = folder.File("catalogue"),
            ["Rekindle__Catalogue__AllowInsecureEndpoints"] = "true",
            ["Rekindle__Exchange__AllowPlainHttp"] = "true",
            ["Rekindle__Exchange__AllowPrivateNetworks"] = "true",
            ["Rekindle__Journal__AllowEphemeral"] = "true",
            // Nothing but the question makes it refresh.
            ["Rekindle__Refresh__WorkerEnabled"] = "false",
        })
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<Uri> AddressAsync(Process sample)
    {
        const string Listening = "Now listening on: ";
        while (await sample.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
            {
                // The rest is read away, so that the sample never waits for us.
                _ = sample.StandardOutput.ReadToEndAsync();
                return new Uri(line[(at + Listening.Length)..].Trim());
            }
        }

        throw new InvalidOperationException("The sample ended before it listened.");
    }
}
