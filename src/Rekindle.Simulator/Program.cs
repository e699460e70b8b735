using Rekindle.Simulator;

var url = args is ["--urls", var given] ? given : null;
if (args.Length > 0 && url is null)
{
    Console.Error.WriteLine("Usage: rekindle-simulator [--urls http://127.0.0.1:5099]");
    return 2;
}

await using var host = await SimulatorHost.StartAsync(url is null ? null : new SimulatorOptions { Url = url });
Console.WriteLine($"Listening on {host.BaseAddress}");
Console.WriteLine($"Servers: {string.Join(", ", host.Servers.Keys.Order())}");
await host.WaitForShutdownAsync();
return 0;
