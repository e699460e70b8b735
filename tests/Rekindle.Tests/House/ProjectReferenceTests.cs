using System.Xml.Linq;
using Rekindle.Testing;

namespace Rekindle.Tests.House;

/// <summary>References point one way: someone can take a driver, the client or the engine without the rest.</summary>
public sealed class ProjectReferenceTests
{
    /// <summary>Each project and all it may reference. A new project is added here with a reason to exist.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Rekindle"] = [],
        ["Rekindle.Client"] = [],
        ["Rekindle.Sql"] = ["Rekindle"],
        ["Rekindle.Postgres"] = ["Rekindle", "Rekindle.Sql"],
        ["Rekindle.Sqlite"] = ["Rekindle", "Rekindle.Sql"],
        ["Rekindle.AspNetCore"] = ["Rekindle", "Rekindle.Client"],
        ["Rekindle.Console"] = ["Rekindle"],
        ["Rekindle.Cli"] = ["Rekindle", "Rekindle.Client"],
        ["Rekindle.Server"] = ["Rekindle.AspNetCore", "Rekindle.Console", "Rekindle.Postgres", "Rekindle.Sqlite"],
        ["Rekindle.Simulator"] = [],
        ["Embedded"] = ["Rekindle", "Rekindle.AspNetCore", "Rekindle.Console", "Rekindle.Sqlite"],
        ["Demo"] = ["Rekindle.Server", "Rekindle.Simulator", "Rekindle.Client"],
        ["Rekindle.Drills"] = ["Rekindle.Server", "Rekindle.Simulator", "Rekindle.Testing"],
        ["Rekindle.Benchmarks"] = ["Rekindle.Postgres", "Rekindle.Testing"],
    };

    /// <summary>The engine lives in other people's programs: what it brings along, they get.</summary>
    private static readonly string[] EnginePackages = ["Microsoft.Extensions.", "YamlDotNet"];

    public static TheoryData<string> Projects =>
        [.. new[] { "src", "samples", "drills", "benchmarks" }.SelectMany(folder => Directory.GetFiles(Repository.PathTo(folder), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Repository.Root, path)).Order()];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_it_may(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);

        Assert.True(Allowed.TryGetValue(name, out var allowed), $"{name} is a new project: say in this test what it may reference.");
        Assert.Empty(Included(Repository.PathTo(path), "ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference)).Except(allowed!));
    }

    [Fact]
    public void The_engine_depends_on_abstractions_only()
    {
        var packages = Included(Repository.PathTo("src", "Rekindle", "Rekindle.csproj"), "PackageReference");

        Assert.DoesNotContain(packages, package => !EnginePackages.Any(prefix => package.StartsWith(prefix, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_client_brings_nothing_along()
    {
        var project = Repository.PathTo("src", "Rekindle.Client", "Rekindle.Client.csproj");

        Assert.Empty(Included(project, "PackageReference"));
        Assert.Empty(Included(project, "FrameworkReference"));
    }

    [Fact]
    public void Every_version_is_said_once()
    {
        var projects = new[] { "src", "samples", "drills", "benchmarks", "tests" }.SelectMany(folder => Directory.GetFiles(Repository.PathTo(folder), "*.csproj", SearchOption.AllDirectories));

        Assert.DoesNotContain(projects, path => XDocument.Load(path).Descendants("PackageReference").Any(reference => reference.Attribute("Version") is not null));
    }

    private static IEnumerable<string> Included(string path, string item) =>
        XDocument.Load(path).Descendants(item).Select(reference => reference.Attribute("Include")!.Value);
}
