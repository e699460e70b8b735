using System.CommandLine;
using Rekindle.Benchmarks.Lines;
using Rekindle.Benchmarks.Setting;

namespace Rekindle.Benchmarks;

/// <summary>The run.</summary>
internal static class BenchCommand
{
    private static readonly (string Name, Func<BenchPlace, Task<IReadOnlyList<Figure>>> RunAsync)[] Lines =
    [
        ("fresh-token", FreshTokenLine.RunAsync),
        ("http-token", HttpTokenLine.RunAsync),
        ("exchange", ExchangeLine.RunAsync),
        ("refresh", DurableRefreshLine.RunAsync),
        ("journal", JournalLine.RunAsync),
        ("answer-to-caller", AnswerToCallerLine.RunAsync),
        ("claim", ClaimLine.RunAsync),
        ("memory", MemoryLine.RunAsync),
        ("start", StartLine.RunAsync),
    ];

    public static void AddTo(RootCommand root)
    {
        var only = new Option<string[]>("--only") { Description = "A line by name; may be given several times", HelpName = "name" };
        only.AcceptOnlyFromAmong([.. Lines.Select(line => line.Name)]);
        var quick = new Option<bool>("--quick") { Description = "Smaller sizes and shorter windows; docs/benchmarks.md is left alone" };
        var list = new Option<bool>("--list") { Description = "Print the names of the lines" };
        var claimTo = new Option<int?>("--claim-to") { Description = "Connections stored in the largest claim measurement" };
        var minutes = new Option<double?>("--memory-minutes") { Description = "Minutes of work before memory is read" };
        var window = new Option<double?>("--window") { Description = "Seconds of one measured window" };
        root.Add(window);
        root.Add(only);
        root.Add(quick);
        root.Add(list);
        root.Add(claimTo);
        root.Add(minutes);
        root.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(list))
            {
                Console.WriteLine(string.Join('\n', Lines.Select(line => line.Name)));
                return;
            }

            var options = new BenchOptions(parsed.GetValue(quick), parsed.GetValue(claimTo), parsed.GetValue(minutes), parsed.GetValue(window));
            await RunAsync(options, parsed.GetValue(only) ?? []);
        });
    }

    private static async Task RunAsync(BenchOptions options, string[] only)
    {
        await using var place = new BenchPlace(options);
        var report = new Report();
        foreach (var (name, run) in Lines.Where(line => only.Length == 0 || only.Contains(line.Name)))
        {
            await Console.Error.WriteLineAsync($"{name} …");
            report.Add(await run(place));
        }

        if (only.Length == 0 && !options.Quick)
        {
            report.Write();
        }
    }
}
