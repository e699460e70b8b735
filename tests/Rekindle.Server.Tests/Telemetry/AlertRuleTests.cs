using System.Text.RegularExpressions;
using Rekindle.Alerts;
using Rekindle.Server.Tests.Engine;
using Rekindle.Telemetry;
using Rekindle.Testing;
using YamlDotNet.RepresentationModel;

namespace Rekindle.Server.Tests.Telemetry;

/// <summary>The rules as Prometheus gets them are the server's own: same names, severities and waits, over metrics that exist; each with its page.</summary>
[Trait("Req", "F7")]
public sealed partial class AlertRuleTests
{
    private static readonly YamlMappingNode[] Rules = [.. ReadRules()];

    [Fact]
    public void Prometheus_has_every_rule_with_its_severity_wait_and_page()
    {
        var expected = AlertRules.All.Select(r => (r.Id, r.Severity.ToString().ToLowerInvariant(), r.For.TotalSeconds, r.Runbook));

        Assert.Equal(
            expected.Order(),
            Rules.Select(r => (Text(r, "labels", "rule"), Text(r, "labels", "severity"), Seconds(Text(r, "for")), Text(r, "annotations", "runbook"))).Order());
        Assert.All(Rules, r => Assert.Equal(Pascal(Text(r, "labels", "rule")), Text(r, "alert")));
    }

    [Fact]
    public async Task Every_expression_is_about_metrics_that_exist()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        await engine.Get<PrometheusPage>().WriteAsync();
        var page = Exposition.Parse(await engine.Get<PrometheusPage>().WriteAsync());

        // The skew is measured against a database with a clock of its own.
        var known = page.Types.Keys.Append("rekindle_clock_skew_seconds").Concat(["rekindle_environment", "rekindle_integration", "rekindle_state", "rekindle_kind"]).ToHashSet();

        Assert.All(Rules, r => Assert.Subset(known, Name().Matches(Text(r, "expr")).Select(m => m.Value).ToHashSet()));
    }

    [Fact]
    public void Every_threshold_is_the_server_s_own()
    {
        var observation = new Observation
        {
            At = default,
            Integrations = [],
            ExpiredWhileActive = 0,
            LateResults = 0,
            Undecryptable = 0,
            Frozen = 0,
            Workers = [],
            Skew = default,
            SkewBound = TimeSpan.FromSeconds(10),
            JournalAge = default,
        };

        Assert.All(AlertRules.All.Where(r => !r.Id.StartsWith("integration_", StringComparison.Ordinal)), rule =>
            Assert.Matches($@"> {Regex.Escape(rule.Threshold(observation).ToString(System.Globalization.CultureInfo.InvariantCulture))}(\s|$)", Text(Rules.Single(r => Text(r, "labels", "rule") == rule.Id), "expr")));
    }

    [Fact]
    public void Every_rule_has_a_page_that_says_what_to_do()
    {
        Assert.All(AlertRules.All, rule =>
        {
            var page = File.ReadAllText(Repository.PathTo(rule.Runbook));
            Assert.All(
                (string[])["## What it means", "## Is it normal", "## Who notices", "## First steps", "## When it is over"],
                heading => Assert.Contains(heading + "\n", page, StringComparison.Ordinal));
            Assert.Contains("/v1/", page, StringComparison.Ordinal);
        });
        Assert.Equal(
            AlertRules.All.Select(r => Path.GetFileName(r.Runbook)).Order(), Directory.GetFiles(Repository.PathTo("docs", "runbooks"), "*.md").Select(Path.GetFileName).Order());
    }

    [Fact]
    public void The_page_of_operations_lists_every_rule()
    {
        var page = File.ReadAllText(Repository.PathTo("docs", "operations.md"));

        Assert.All(AlertRules.All, rule => Assert.Contains($"| [`{rule.Id}`](runbooks/{rule.Id}.md) | {rule.Severity.ToString().ToLowerInvariant()} |", page, StringComparison.Ordinal));
    }

    private static IEnumerable<YamlMappingNode> ReadRules()
    {
        var yaml = new YamlStream();
        using var reader = new StreamReader(Repository.PathTo("docs", "alerts", "rekindle.rules.yml"));
        yaml.Load(reader);
        var groups = (YamlSequenceNode)((YamlMappingNode)yaml.Documents[0].RootNode)["groups"];
        return groups.Cast<YamlMappingNode>().SelectMany(g => ((YamlSequenceNode)g["rules"]).Cast<YamlMappingNode>());
    }

    private static string Text(YamlMappingNode node, params string[] path)
    {
        YamlNode at = node;
        foreach (var name in path)
        {
            at = at[name];
        }

        return ((YamlScalarNode)at).Value!;
    }

    private static double Seconds(string duration) =>
        int.Parse(duration[..^1], System.Globalization.CultureInfo.InvariantCulture) * (duration[^1] == 'm' ? 60 : 1);

    private static string Pascal(string rule) => "Rekindle" + string.Concat(rule.Split('_').Select(w => char.ToUpperInvariant(w[0]) + w[1..]));

    [GeneratedRegex("rekindle_[a-z_]+")]
    private static partial Regex Name();
}
