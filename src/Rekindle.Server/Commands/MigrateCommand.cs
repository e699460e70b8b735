using System.CommandLine;
using Rekindle.Storage;

namespace Rekindle.Server.Commands;

/// <summary><c>migrate</c>: brings the schema up to date without serving.</summary>
internal sealed class MigrateCommand : Command
{
    public MigrateCommand(SettingOptions settings)
        : base("migrate", "Bring the database's schema up to date, for deployments with MigrateAtStart=false") =>
        SetAction((parsed, cancelled) => RunAsync(settings.Of(parsed), cancelled));

    private static Task<int> RunAsync(ServerArguments arguments, CancellationToken cancellationToken) => Failures.CatchAsync(async () =>
    {
        await using var app = ServerApp.BuildForVerb(arguments);
        var database = app.Services.GetRequiredService<IDatabase>();
        var applied = await database.MigrateAsync(cancellationToken);
        Console.WriteLine(applied.Count == 0
            ? $"{database.Description}: up to date."
            : $"{database.Description}: applied {string.Join(", ", applied)}.");
        return 0;
    });
}
