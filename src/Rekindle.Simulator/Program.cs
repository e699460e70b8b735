using System.Runtime.InteropServices;

namespace Rekindle.Simulator;

// In a namespace, so that it does not compete with the server's Program where tests see both.
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args is not [] and not ["--urls", _])
        {
            await Console.Error.WriteLineAsync("Usage: rekindle-simulator [--urls http://127.0.0.1:5099]");
            return 2;
        }

        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await using var host = await SimulatorHost.StartAsync(args is [_, var url] ? new SimulatorOptions { Url = url } : null);
        Console.WriteLine($"Listening on {host.BaseAddress}");
        Console.WriteLine($"Servers: {string.Join(", ", host.Servers.Keys.Order())}");
        await stop.Task;
        return 0;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.TrySetResult();
        }
    }
}
