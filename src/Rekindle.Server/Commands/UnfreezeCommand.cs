using System.CommandLine;
using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.Server.Commands;

/// <summary><c>unfreeze</c>: says what is at stake in a database that may not be the newest, and goes on with it class by class.</summary>
internal sealed class UnfreezeCommand : Command
{
    private const string All = "all";

    private readonly Option<bool> _plan = new("--plan") { Description = "Sort the connections and change nothing" };
    private readonly Option<bool> _apply = new("--apply") { Description = "Confirm the database as this deployment's, and take the named classes in" };
    private readonly Option<bool> _json = new("--json") { Description = "For programs" };
    private readonly Option<bool> _yes = new("--yes") { Description = "Do not ask" };

    private readonly Option<string[]> _class = new("--class")
    {
        Description = $"With --apply, several times if needed; default: safe. One of: {string.Join(", ", Unfreezer.Takeable.Select(Names.Of))}, {All}",
        HelpName = "class",
    };

    public UnfreezeCommand(SettingOptions settings)
        : base("unfreeze", """
            A database that may not be the newest, or may be a copy, is frozen: served from and not refreshed. This says what is at stake, and goes on.

            The plan sorts connections by what presenting their refresh token could do:
              safe      nothing: it is not used up by a refresh, or nobody else can have used it
              valid     it may have been used elsewhere; the access token is still valid, so there is time
              doubtful  it may have been used elsewhere, and the access token has ended; some providers end a grant when a used token comes back
              lost      it is worth nothing; the account has to be connected again
            What is not taken in is left out: shown as left_out, served while valid, never refreshed until it is taken in or connected again.

              rekindle-server unfreeze --plan
              rekindle-server unfreeze --plan --json
              rekindle-server unfreeze --apply                       takes in what is safe
              rekindle-server unfreeze --apply --class safe --class valid
              rekindle-server unfreeze --apply --class all --yes     everything but what is lost
            """)
    {
        _class.AcceptOnlyFromAmong([.. Unfreezer.Takeable.Select(Names.Of), All]);
        Options.Add(_plan);
        Options.Add(_apply);
        Options.Add(_class);
        Options.Add(_json);
        Options.Add(_yes);
        Validators.Add(result =>
        {
            if (result.GetValue(_plan) == result.GetValue(_apply))
            {
                result.AddError("unfreeze: choose --plan, which changes nothing, or --apply.");
            }
        });
        SetAction((parsed, cancelled) => RunAsync(
            settings.Of(parsed), parsed.GetValue(_apply) ? ClassesOf(parsed.GetValue(_class) ?? []) : null, parsed.GetValue(_json), parsed.GetValue(_yes), cancelled));
    }

    private static HashSet<UnfreezeClass> ClassesOf(string[] words) => words switch
    {
        [] => [UnfreezeClass.Safe],
        _ when words.Contains(All) => [.. Unfreezer.Takeable],
        _ => [.. words.Select(Names.Parse<UnfreezeClass>)],
    };

    private static Task<int> RunAsync(ServerArguments arguments, HashSet<UnfreezeClass>? classes, bool json, bool yes, CancellationToken cancellationToken) =>
        Failures.CatchAsync(async () =>
        {
            await using var app = ServerApp.BuildForVerb(arguments);
            var unfreezer = app.Services.GetRequiredService<Unfreezer>();
            var plan = await unfreezer.PlanAsync(cancellationToken);
            if (classes is null)
            {
                UnfreezeReport.Write(plan, json);
                return 0;
            }

            if (!yes && !Confirmed(plan, classes))
            {
                await Console.Error.WriteLineAsync("Nothing was changed.");
                return 1;
            }

            UnfreezeReport.Write(await unfreezer.ApplyAsync(classes, "rekindle-server unfreeze", cancellationToken), plan, json);
            return 0;
        });

    private static bool Confirmed(UnfreezePlan plan, HashSet<UnfreezeClass> classes)
    {
        if (Console.IsInputRedirected)
        {
            throw new SettingsException(["Nobody can be asked: say --yes if this is meant."]);
        }

        UnfreezeReport.Write(plan, json: false);
        Console.Error.Write(plan.Freeze is null
            ? $"Take in: {Words(classes)}? [y/N] "
            : $"Confirm that nobody else works on this database, and take in: {Words(classes)}? [y/N] ");
        return Console.ReadLine()?.Trim().Equals("y", StringComparison.OrdinalIgnoreCase) == true;
    }

    private static string Words(HashSet<UnfreezeClass> classes) => string.Join(", ", classes.Order().Select(Names.Of));
}
