using System.Text.RegularExpressions;
using Rekindle.Testing;

namespace Rekindle.Tests.House;

/// <summary>docs/requirements.md says which test proves which promise; this checks that it says so truly.</summary>
public sealed partial class RequirementsTests
{
    private static readonly Dictionary<string, int> Chapters = new()
    {
        ["A"] = 14,
        ["B"] = 9,
        ["C"] = 8,
        ["D"] = 8,
        ["E"] = 6,
        ["F"] = 9,
        ["I"] = 15,
    };

    private static readonly List<Row> Rows = [.. ReadRows()];
    private static readonly List<string> TestSources = [.. ReadTestSources()];

    [Fact]
    public void Every_requirement_is_listed_once_and_in_order()
    {
        var expected = Chapters.SelectMany(chapter => Enumerable.Range(1, chapter.Value).Select(number => $"{chapter.Key}{number}"));

        Assert.Equal(expected, Rows.Select(row => row.Id));
    }

    [Fact]
    public void Every_requirement_is_in_words_and_names_its_tests_or_why_there_are_none()
    {
        Assert.All(Rows, row =>
        {
            Assert.True(row.Words.Length > 20, $"{row.Id} is not put into words.");
            Assert.True(row.Tests.Count > 0 || Reason().IsMatch(row.Proof), $"{row.Id}: name tests in backticks, or write a dash and the reason.");
        });
    }

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var missing = Rows.SelectMany(row => row.Tests.Where(test => !Exists(test)).Select(test => $"{row.Id} names {test}, which does not exist")).ToList();

        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [Fact]
    public void Every_requirement_a_test_carries_is_listed()
    {
        var known = Rows.Select(row => row.Id).ToHashSet();
        var carried = TestSources.SelectMany(source => Trait().Matches(source).Select(match => match.Groups[1].Value)).Distinct();

        var unknown = carried.Except(known).Select(id => $"[Trait(\"Req\", \"{id}\")] is on a test, but {id} is not in docs/requirements.md").ToList();
        Assert.True(unknown.Count == 0, string.Join('\n', unknown));
    }

    private static bool Exists(string test)
    {
        var (type, method) = test.Split('.') is [var first, var second] ? (first, second) : (test, null);
        return TestSources.Any(source =>
            Regex.IsMatch(source, $@"\bclass {Regex.Escape(type)}\b") && (method is null || Regex.IsMatch(source, $@"\b(void|Task|ValueTask) {Regex.Escape(method)}\(")));
    }

    private static IEnumerable<Row> ReadRows() =>
        File.ReadLines(Repository.PathTo("docs", "requirements.md"))
            .Select(line => TableRow().Match(line))
            .Where(match => match.Success)
            .Select(match => new Row(match.Groups["id"].Value, match.Groups["words"].Value, match.Groups["proof"].Value));

    private static IEnumerable<string> ReadTestSources() =>
        Directory.GetFiles(Repository.PathTo("tests"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.EndsWith("/RequirementsTests.cs", StringComparison.Ordinal))
            .Select(File.ReadAllText);

    [GeneratedRegex(@"^\| (?<id>[A-Z]\d+) \| (?<words>.+) \| (?<proof>[^|]+) \|$")]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`([A-Za-z_0-9.]+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^— \w.{8,}")]
    private static partial Regex Reason();

    [GeneratedRegex(@"Trait\(""Req"", ""([^""]+)""\)")]
    private static partial Regex Trait();

    private sealed record Row(string Id, string Words, string Proof)
    {
        public List<string> Tests { get; } = [.. TestName().Matches(Proof).Select(match => match.Groups[1].Value)];
    }
}
