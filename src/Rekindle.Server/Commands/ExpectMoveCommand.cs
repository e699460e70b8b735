using System.CommandLine;
using Rekindle.Ownership;

namespace Rekindle.Server.Commands;

/// <summary><c>expect-move</c>: announces that the database will be met elsewhere, so that the first start there is not taken for a copy's.</summary>
internal sealed class ExpectMoveCommand : Command
{
    private readonly Option<string?> _deployment = new("--deployment")
    {
        Description = "Id of the deployment that will work on it (its setting Ownership:Deployment); default: the same as now",
        HelpName = "id",
    };

    private readonly Option<string?> _endpoint = new("--endpoint")
    {
        Description = "Where it will be met: host:port/database, the file's absolute path, or the new setting Ownership:Endpoint; default: the same as now",
        HelpName = "place",
    };

    private readonly Option<TimeSpan?> _within = new("--within")
    {
        Description = "How long a start at the new place is taken for this move, such as 04:00:00 or 2.00:00:00; default: a day",
        HelpName = "duration",
    };

    private readonly Option<bool> _cancel = new("--cancel") { Description = "Call an announced move off: refreshing goes on where the database is" };

    public ExpectMoveCommand(SettingOptions settings)
        : base("expect-move", """
            Announce that the database moves, before it is copied.

            From then on nothing is refreshed at the old place (valid tokens are served), so that the copy is the newest there is. The first
            server that starts at the new place goes on refreshing; the old place never does again by itself.

              rekindle-server expect-move --endpoint db2.internal:5432/rekindle
              rekindle-server expect-move --deployment production-eu --endpoint /srv/rekindle/rekindle.db --within 04:00:00
              rekindle-server expect-move --cancel
            """)
    {
        Options.Add(_deployment);
        Options.Add(_endpoint);
        Options.Add(_within);
        Options.Add(_cancel);
        Validators.Add(result =>
        {
            var names = result.GetValue(_deployment) is not null || result.GetValue(_endpoint) is not null;
            if (names == result.GetValue(_cancel))
            {
                result.AddError("expect-move: name the new place with --deployment or --endpoint, or call a move off with --cancel.");
            }

            if (result.GetValue(_within) <= TimeSpan.Zero)
            {
                result.AddError("--within must be longer than nothing.");
            }
        });
        SetAction((parsed, cancelled) => parsed.GetValue(_cancel)
            ? CancelAsync(settings.Of(parsed), cancelled)
            : AnnounceAsync(settings.Of(parsed), parsed.GetValue(_deployment), parsed.GetValue(_endpoint), parsed.GetValue(_within) ?? TimeSpan.FromDays(1), cancelled));
    }

    private static Task<int> AnnounceAsync(ServerArguments arguments, string? deployment, string? endpoint, TimeSpan within, CancellationToken cancellationToken) =>
        Failures.CatchAsync(async () =>
        {
            await using var app = ServerApp.BuildForVerb(arguments);
            var move = await app.Services.GetRequiredService<DatabaseOwnership>().AnnounceMoveAsync(deployment, endpoint, within, cancellationToken);
            Console.WriteLine(
                $"""
                 Announced: the database moves to deployment '{move.To.Deployment}' at {move.To.Endpoint}, until {move.Until:O}.
                 From now on nothing is refreshed here. Next:
                   1. stop all servers here, which takes seconds
                   2. copy the database, key ring and journal folder to the new place
                   3. start there; the log says that the move is done
                 To call it off: rekindle-server expect-move --cancel
                 """);
            return 0;
        });

    private static Task<int> CancelAsync(ServerArguments arguments, CancellationToken cancellationToken) => Failures.CatchAsync(async () =>
    {
        await using var app = ServerApp.BuildForVerb(arguments);
        var announced = await app.Services.GetRequiredService<DatabaseOwnership>().CancelMoveAsync(cancellationToken);
        Console.WriteLine(announced ? "The move is called off: refreshing goes on here within seconds." : "No move was announced.");
        return 0;
    });
}
