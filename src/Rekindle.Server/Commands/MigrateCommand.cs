using System.CommandLine;
using System.Globalization;
using Rekindle.Storage;

namespace Rekindle.Server.Commands;

/// <summary><c>migrate</c>: brings the schema up to date without serving, or says what that would do.</summary>
internal sealed class MigrateCommand : Command
{
    private const int Shown = 90;

    public MigrateCommand(SettingOptions settings)
        : base("migrate", "Bring the database's schema up to date, for deployments with MigrateAtStart=false. --plan says what that would do, and does nothing.")
    {
        var plan = new Option<bool>("--plan") { Description = "Print each statement, whom it keeps waiting, and about how long; change nothing" };
        Add(plan);
        SetAction((parsed, cancelled) => RunAsync(settings.Of(parsed), parsed.GetValue(plan), cancelled));
    }

    private static Task<int> RunAsync(ServerArguments arguments, bool onlyPlan, CancellationToken cancellationToken) => Failures.CatchAsync(async () =>
    {
        await using var app = ServerApp.BuildForVerb(arguments);
        var database = app.Services.GetRequiredService<IDatabase>();
        if (onlyPlan)
        {
            Print(await database.PlanMigrationAsync(cancellationToken), database.Description);
            return 0;
        }

        var applied = await database.MigrateAsync(cancellationToken);
        Console.WriteLine(applied.Count == 0
            ? $"{database.Description}: up to date."
            : $"{database.Description}: applied {string.Join(", ", applied)}.");
        return 0;
    });

    private static void Print(MigrationPlan plan, string database)
    {
        if (plan.Steps.Count == 0)
        {
            Console.WriteLine($"{database}: up to date, nothing to do.");
            return;
        }

        Console.WriteLine($"{database}: {plan.Steps.Count} to apply, in one transaction; who waits does so until its end.");
        foreach (var step in plan.Steps)
        {
            Console.WriteLine();
            Console.WriteLine(step.WorksWith < Number(step)
                ? $"{step.Name}: programs that know {step.WorksWith:0000} or later go on working"
                : $"{step.Name}: older programs must be stopped before");
            foreach (var statement in step.Statements)
            {
                Console.WriteLine($"  {(statement.Sql.Length > Shown ? $"{statement.Sql[..(Shown - 2)]} …" : statement.Sql)}");
                Console.WriteLine($"      {Describe(statement)}");
            }
        }

        var statements = plan.Steps.SelectMany(s => s.Statements).ToArray();
        var known = statements.Aggregate(TimeSpan.Zero, (sum, s) => sum + (s.Estimate ?? TimeSpan.Zero));
        Console.WriteLine();
        Console.WriteLine($"In all: {About(known)}{(statements.Any(s => s.Estimate is null) ? ", and what nobody can tell beforehand: try it on a copy" : "")}.");
    }

    private static int Number(MigrationStep step) => int.Parse(step.Name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Describe(PlannedStatement statement)
    {
        var who = statement.Blocks switch
        {
            Blocking.Nobody => "nobody waits",
            Blocking.Writers => $"who writes to {statement.Table} waits",
            _ => $"who reads or writes {statement.Table ?? "what it names"} waits",
        };
        var rows = statement.Rows > 0 ? $"; about {statement.Rows.ToString("N0", CultureInfo.InvariantCulture)} rows" : "";
        return $"{who}{rows}; {(statement.Estimate is { } estimate ? About(estimate) : "how long is not known")}";
    }

    private static string About(TimeSpan time) => time.TotalSeconds < 1
        ? "at once"
        : time.TotalMinutes < 2
            ? string.Create(CultureInfo.InvariantCulture, $"about {Math.Ceiling(time.TotalSeconds):0} s")
            : string.Create(CultureInfo.InvariantCulture, $"about {Math.Ceiling(time.TotalMinutes):0} min");
}
