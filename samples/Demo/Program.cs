using Rekindle.Demo;

if (args.Any(a => a is "-h" or "--help"))
{
    Console.WriteLine(DemoOptions.Help);
    return 0;
}

if (DemoOptions.Parse(args, Console.Error) is not { } options)
{
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    // The first one ends cleanly: what is in flight is finished and written. A second one ends at once.
    e.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};
using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(
    System.Runtime.InteropServices.PosixSignal.SIGTERM, c =>
    {
        c.Cancel = true;
        stop.Cancel();
    });

Console.WriteLine(options.Check ? "Starting server and simulator …" : "Starting server and simulator; Ctrl-C ends.");
await using var world = await DemoWorld.StartAsync(options, stop.Token);
if (options.Check)
{
    return await new DemoCheck(world, Console.Out).RunAsync(stop.Token);
}

using var screen = new DemoScreen(world);
return await screen.RunAsync(stop.Token);
