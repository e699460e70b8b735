using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Rekindle.Server.Tests.Simulator;

public sealed class StandaloneTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "rekindle-simulator.dll");

    [Fact]
    public async Task It_runs_as_a_process_of_its_own_until_it_is_told_to_stop()
    {
        using var process = Start("--urls", "http://127.0.0.1:0");
        var line = await process.StandardOutput.ReadLineAsync();
        var address = new Uri(line!["Listening on ".Length..]);
        using var http = new HttpClient();

        using var issued = await http.PostAsJsonAsync(new Uri(address, "_control/servers/strict/grants"), new { subject = "u1" });
        using var stop = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync();

        Assert.Equal(HttpStatusCode.OK, issued.StatusCode);
        Assert.Contains("access_token", await issued.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Arguments_it_does_not_know_are_an_error()
    {
        using var process = Start("--port", "1");
        await process.WaitForExitAsync();

        Assert.Equal(2, process.ExitCode);
        Assert.StartsWith("Usage:", await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static Process Start(params string[] args) => Process.Start(new ProcessStartInfo("dotnet", [Program, .. args])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
