using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Rekindle.Server.Tests.Telemetry;

/// <summary>
/// A strict reader of Prometheus' text format 0.0.4, written from its description: what it does not know it refuses. Histograms have to
/// be complete and cumulative.
/// </summary>
internal sealed partial class Exposition
{
    public Dictionary<string, string> Types { get; } = [];

    public Dictionary<string, string> Help { get; } = [];

    public List<Sample> Samples { get; } = [];

    public double this[string name] => Assert.Single(Samples, s => s.Name == name).Value;

    public static Exposition Parse(string page)
    {
        Assert.EndsWith("\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', page);
        var read = new Exposition();
        var current = "";
        foreach (var line in page[..^1].Split('\n'))
        {
            if (HelpLine().Match(line) is { Success: true } help)
            {
                current = help.Groups["name"].Value;
                Assert.True(read.Help.TryAdd(current, help.Groups["text"].Value), $"{current} is explained twice.");
            }
            else if (TypeLine().Match(line) is { Success: true } type)
            {
                Assert.Equal(current, type.Groups["name"].Value);
                Assert.True(read.Types.TryAdd(current, type.Groups["type"].Value), $"{current} has two types.");
            }
            else
            {
                var sample = Sample.Parse(line);
                Assert.Equal(current, read.Types[current] == "histogram" ? Suffix().Replace(sample.Name, "") : sample.Name);
                Assert.DoesNotContain(read.Samples, s => s.Name == sample.Name && s.Text == sample.Text);
                read.Samples.Add(sample);
            }
        }

        Assert.All(read.Types.Where(t => t.Value == "histogram"), t => read.CheckHistogram(t.Key));
        Assert.All(read.Types.Where(t => t.Value == "counter"), t => Assert.EndsWith("_total", t.Key, StringComparison.Ordinal));
        return read;
    }

    public double Of(string name, params (string Label, string Value)[] labels) =>
        Assert.Single(Samples, s => s.Name == name && labels.All(l => s.Labels.GetValueOrDefault(l.Label) == l.Value)).Value;

    private void CheckHistogram(string name)
    {
        foreach (var series in Samples.Where(s => s.Name == name + "_count"))
        {
            var buckets = Samples.Where(s => s.Name == name + "_bucket" && s.Labels.Where(l => l.Key != "le").OrderBy(l => l.Key).SequenceEqual(series.Labels.OrderBy(l => l.Key)))
                .Select(s => (Bound: Sample.Number(s.Labels["le"]), s.Value)).ToList();
            Assert.Equal(buckets.OrderBy(b => b.Bound), buckets);
            Assert.Equal(buckets.OrderBy(b => b.Value).Select(b => b.Value), buckets.Select(b => b.Value));
            Assert.Equal((double.PositiveInfinity, series.Value), buckets[^1]);
            Assert.Contains(Samples, s => s.Name == name + "_sum" && s.Text == series.Text);
        }
    }

    [GeneratedRegex(@"^# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>([^\\\n]|\\\\|\\n)+)$")]
    private static partial Regex HelpLine();

    [GeneratedRegex("^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram|summary|untyped)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();

    internal sealed partial record Sample(string Name, string Text, Dictionary<string, string> Labels, double Value)
    {
        public static Sample Parse(string line)
        {
            var match = Line().Match(line);
            Assert.True(match.Success, $"No sample: {line}");
            var labels = new Dictionary<string, string>();
            var text = match.Groups["labels"].Value;
            for (var rest = text; rest.Length > 0;)
            {
                var label = Label().Match(rest);
                Assert.True(label.Success, $"No label: {rest}");
                Assert.True(labels.TryAdd(label.Groups["name"].Value, Unescape(label.Groups["value"].Value)));
                rest = rest[label.Length..];
            }

            return new(match.Groups["name"].Value, text, labels, Number(match.Groups["value"].Value));
        }

        public static double Number(string text) => text switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
        };

        private static string Unescape(string text)
        {
            var plain = new StringBuilder();
            for (var i = 0; i < text.Length; i++)
            {
                plain.Append(text[i] != '\\' ? text[i] : text[++i] == 'n' ? '\n' : text[i]);
            }

            return plain.ToString();
        }

        [GeneratedRegex(@"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>.+)\})? (?<value>[^ ]+)$")]
        private static partial Regex Line();

        [GeneratedRegex(@"^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)=""(?<value>([^""\\\n]|\\\\|\\""|\\n)*)""(,(?=.)|$)")]
        private static partial Regex Label();
    }
}
