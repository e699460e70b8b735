using System.Diagnostics;
using System.Net.Http.Headers;

namespace Rekindle.Benchmarks.Setting;

/// <summary>The published server, running.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private BenchServer(Child process, Uri address, string apiKey)
    {
        Process = process;
        Address = address;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    public Child Process { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>From the start of the process to its first 200 of <c>/readyz</c>.</summary>
    public TimeSpan StartTime { get; private set; }

    public static async Task<BenchServer> StartAsync(IReadOnlyDictionary<string, string> environment, int port, string apiKey)
    {
        var started = Stopwatch.StartNew();
        var server = new BenchServer(Child.Start(BenchPlace.ServerAssembly, ["serve"], environment), new Uri($"http://127.0.0.1:{port}"), apiKey);
        while (started.Elapsed < StartLimit && !server.Process.HasExited)
        {
            try
            {
                using var ready = await server.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
                if (ready.IsSuccessStatusCode)
                {
                    server.StartTime = started.Elapsed;
                    return server;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(5);
        }

        var said = server.Process.Output;
        await server.DisposeAsync();
        throw new InvalidOperationException($"The server was not ready in time:\n{said}");
    }

    /// <summary>Calls the API and expects success.</summary>
    public async Task PostAsync(string path, object body)
    {
        using var answer = await Http.PostAsync(new Uri(path, UriKind.Relative), System.Net.Http.Json.JsonContent.Create(body));
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"POST {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Process.DisposeAsync();
    }
}
