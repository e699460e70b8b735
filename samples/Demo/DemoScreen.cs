using System.Globalization;
using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rekindle.Demo;

/// <summary>A live view for a terminal of 100 columns and 30 rows.</summary>
internal sealed class DemoScreen(DemoWorld world) : IDisposable
{
    private const int BarWidth = 28;
    private const int FeedRows = 6;
    private static readonly TimeSpan Repaint = TimeSpan.FromMilliseconds(500);

    private readonly DemoStatistics _statistics = new(world);
    private readonly DemoCallers _callers = new(world);
    private readonly long _started = TimeProvider.System.GetTimestamp();

    /// <summary>Shows it until somebody ends it.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var calling = _callers.RunAsync(cancellationToken);
        try
        {
            await AnsiConsole.Live(await PaintAsync(cancellationToken)).StartAsync(async screen =>
            {
                while (!cancellationToken.IsCancellationRequested)
                {
                    await Task.Delay(Repaint, cancellationToken);
                    screen.UpdateTarget(await PaintAsync(cancellationToken));
                }
            });
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C.
        }

        await calling;
        AnsiConsole.WriteLine("Ending: what is in flight is finished and written.");
        return 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _callers.Dispose();

    private async Task<IRenderable> PaintAsync(CancellationToken cancellationToken)
    {
        await _statistics.ReadAsync(cancellationToken);
        var now = TimeProvider.System.GetUtcNow();
        var summary = await world.Get<IConnectionStore>().SummarizeAsync(DemoWorld.Environment, now, cancellationToken);
        var halves = new Grid().AddColumn(new GridColumn().Width(50)).AddColumn(new GridColumn().Width(46))
            .AddRow(Statuses(summary, now), Refreshes(summary));
        return new Rows(Head(), halves, await IntegrationsAsync(cancellationToken), Feed(), Foot(), Invitation());
    }

    private Markup Head() => new(string.Create(CultureInfo.InvariantCulture,
        $"[bold]Rekindle[/]  {world.Healthy.Count + world.Troubled.Count} connections, tokens of {Cast.TokenLifetime.TotalSeconds:0} s, SQLite   "
        + $"[dim]running {TimeProvider.System.GetElapsedTime(_started):mm\\:ss}[/]"));

    private static Table Statuses(ConnectionSummary summary, DateTimeOffset now)
    {
        var table = Plain("Connections", "", "");
        var total = Math.Max(1, summary.ByStatus.Values.Sum());
        foreach (var status in new[] { ConnectionStatus.Active, ConnectionStatus.Degraded, ConnectionStatus.NeedsReauthorization })
        {
            var count = summary.ByStatus.GetValueOrDefault(status);
            var colour = status switch { ConnectionStatus.Active => "green", ConnectionStatus.Degraded => "yellow", _ => "red" };
            var bar = new string('█', count == 0 ? 0 : Math.Max(1, count * (BarWidth - 10) / total));
            table.AddRow(new Text(Names.Of(status)), new Markup($"[{colour}]{bar}[/]"), new Text(count.ToString(CultureInfo.InvariantCulture)).RightJustified());
        }

        var backoff = summary.InBackoff.Sum(b => b.Count);
        table.AddRow(new Text("in back-off"), new Text(""), new Text(backoff.ToString(CultureInfo.InvariantCulture)).RightJustified());
        table.AddRow(new Text("next due"), new Text(""), new Text(summary.NextDueAt is { } due
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (due - now).TotalSeconds):0.0} s") : "-").RightJustified());
        return table;
    }

    private Table Refreshes(ConnectionSummary summary)
    {
        var table = Plain("Refreshes", "");
        table.AddRow(new Text("refreshed"), new Markup($"[green]{_statistics.Refreshed}[/]").RightJustified());
        foreach (var (@class, count) in _statistics.Failed.OrderByDescending(f => f.Value).Take(6))
        {
            table.AddRow(new Text(Names.Of(@class)), new Markup($"[yellow]{count}[/]").RightJustified());
        }

        if (summary.InDoubt > 0)
        {
            table.AddRow(new Text("in doubt now"), new Text(summary.InDoubt.ToString(CultureInfo.InvariantCulture)).RightJustified());
        }

        return table;
    }

    private async Task<Table> IntegrationsAsync(CancellationToken cancellationToken)
    {
        var table = Plain("Integration", "state", "budget used per minute");
        foreach (var entry in (await world.Get<IntegrationDirectory>().AllAsync(cancellationToken)).OrderBy(e => e.Integration.Id))
        {
            var integration = entry.Integration;
            var use = await world.Get<IBudgetStore>().ReadAsync(
                integration.Id, integration.Policy.BudgetWindow, TimeProvider.System.GetUtcNow(), cancellationToken);
            var colour = integration.State == IntegrationState.Active ? "green" : "red";
            table.AddRow(
                new Text(integration.DisplayName), new Markup($"[{colour}]{Names.Of(integration.State)}[/]"),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{use.Taken} of {integration.Policy.BudgetRequests}")));
        }

        return table;
    }

    private Table Feed()
    {
        var table = Plain("Newest attempts", "", "", "");
        foreach (var attempt in _statistics.Latest.Take(FeedRows))
        {
            var good = attempt.Class == RefreshClass.Success;
            table.AddRow(
                new Text($"{attempt.Key.Integration}/{attempt.Key.Subject}"), new Text(Names.Of(attempt.Source)),
                new Markup($"[{(good ? "green" : "yellow")}]{Names.Of(attempt.Class)}[/]"),
                new Text(Cut(good ? attempt.Rotated ? "rotated" : "same refresh token" : attempt.NextStep, 44)));
        }

        return table;
    }

    private Markup Foot() => new(
        $"Callers: [green]{_callers.Accepted}[/] tokens accepted by the providers' APIs, [red]{_callers.Refused}[/] refused");

    private Markup Invitation() => new($"Connect one more account: [blue]{world.ConnectAddress}[/]");

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    private static Table Plain(params string[] columns)
    {
        var table = new Table().Border(TableBorder.None).Expand();
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Markup($"[bold underline]{column}[/]")));
        }

        return table;
    }
}
