using System.Diagnostics;

namespace Rekindle.Testing;

/// <summary>Runs a program to its end.</summary>
internal static class TestCommand
{
    /// <summary>Fails with what the program printed if it does not end well.</summary>
    public static async Task RunAsync(string program, IEnumerable<string> arguments, TimeSpan timeout)
    {
        var (exitCode, output) = await TryRunAsync(program, arguments, timeout);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {exitCode}: {output}");
        }
    }

    public static async Task<(int ExitCode, string Output)> TryRunAsync(string program, IEnumerable<string> arguments, TimeSpan timeout)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end within {timeout}.");
        }

        return (process.ExitCode, await output + await errors);
    }
}
