using System.CommandLine;

namespace Rekindle.Server.Commands;

/// <summary>The root of the command line: without a verb it serves.</summary>
internal static class ServerCommand
{
    public static RootCommand Create()
    {
        var settings = new SettingOptions();
        var root = new RootCommand(
            """
            Rekindle keeps OAuth tokens of your users fresh and hands them out over HTTP.

            First time:   rekindle-server init      makes database, key ring and a first API key
            Then:         rekindle-server           serves on http://127.0.0.1:8420

            Settings stand in appsettings.json (section "Rekindle"), in variables such as REKINDLE_SQLITE__PATH, or in --set:
              rekindle-server --set Sqlite:Path=/data/rekindle.db --set KeyRingFile=/data/rekindle.keys
              REKINDLE_REFRESH__HEARTBEAT_INTERVAL=00:01:00 rekindle-server
            Secrets belong in files and variables: what stands on a command line, others on this machine can read.
            """)
        {
            new ServeCommand(settings),
            new InitCommand(settings),
            new MigrateCommand(settings),
            new ApiKeyCommand(settings),
            new JournalCommand(settings),
            new ExpectMoveCommand(settings),
            new UnfreezeCommand(settings),
        };
        settings.AddTo(root);
        root.SetAction((parsed, cancelled) => ServeCommand.RunAsync(settings.Of(parsed), cancelled));
        return root;
    }
}
