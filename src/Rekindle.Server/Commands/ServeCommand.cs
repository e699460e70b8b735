using System.CommandLine;

namespace Rekindle.Server.Commands;

/// <summary><c>serve</c>: the API and the worker, until told to stop.</summary>
internal sealed class ServeCommand : Command
{
    public ServeCommand(SettingOptions settings)
        : base("serve", "Serve the API and keep connections fresh (this is what happens without a verb)") =>
        SetAction((parsed, cancelled) => RunAsync(settings.Of(parsed), cancelled));

    public static Task<int> RunAsync(ServerArguments arguments, CancellationToken cancellationToken) => Failures.CatchAsync(async () =>
    {
        await using var app = ServerApp.Build(arguments);
        await app.StartAsync(cancellationToken);
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    });
}
