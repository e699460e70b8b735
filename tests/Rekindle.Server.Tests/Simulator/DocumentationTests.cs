using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

public sealed class DocumentationTests
{
    [Fact]
    public void Every_preset_stands_in_the_documentation_with_its_summary()
    {
        var rows = Presets.All.Select(preset => $"| `{preset.Key}` | {preset.Value.Summary} |");

        Assert.Empty(rows.Except(File.ReadAllLines(Path())));
    }

    [Fact]
    public void Every_kind_of_fault_stands_in_the_documentation()
    {
        var text = File.ReadAllText(Path());

        Assert.All(Enum.GetNames<FaultKind>(), kind => Assert.Contains($"`{kind}`", text, StringComparison.Ordinal));
    }

    private static string Path()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "Rekindle.slnx")))
        {
            folder = folder.Parent!;
        }

        return System.IO.Path.Combine(folder.FullName, "docs", "simulator.md");
    }
}
