using System.Globalization;
using System.Text;
using Rekindle.Testing;

namespace Rekindle.Benchmarks;

/// <summary>Prints figures as they come, and writes them into <c>docs/benchmarks.md</c>, between the marks, where prose stands around them.</summary>
internal sealed class Report
{
    private const string Begin = "<!-- figures: written by ./bench -->";
    private const string End = "<!-- end of figures -->";

    private readonly List<Figure> _figures = [];

    public void Add(IReadOnlyList<Figure> figures)
    {
        _figures.AddRange(figures);
        foreach (var figure in figures)
        {
            Console.WriteLine(figure);
            Console.WriteLine($"      {figure.Detail}");
        }
    }

    public void Write()
    {
        var path = Repository.PathTo("docs", "benchmarks.md");
        var text = File.ReadAllText(path);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        if (from < 0 || to < from)
        {
            throw new InvalidOperationException($"{path} has lost the marks between which figures are written.");
        }

        File.WriteAllText(path, text[..from] + Render() + text[to..]);
        Console.WriteLine($"Written to {Path.GetRelativePath(Repository.Root, path)}");
    }

    private string Render()
    {
        var table = new StringBuilder();
        table.AppendLine(Begin).AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"`./bench`, {DateTimeOffset.UtcNow:yyyy-MM-dd}, on {Machine.Describe()}.").AppendLine();
        table.AppendLine("| name | value | target | | made of |").AppendLine("|---|---|---|---|---|");
        foreach (var figure in _figures)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"| `{figure.Name}` | {figure.ValueText} | {figure.TargetText.Replace("<=", "≤ ", StringComparison.Ordinal).Replace(">=", "≥ ", StringComparison.Ordinal)} | {figure.Verdict} | {figure.Detail} |");
        }

        return table.AppendLine().ToString();
    }
}
