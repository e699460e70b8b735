using System.Reflection;
using Rekindle.Testing;

namespace Rekindle.Tests.House;

/// <summary>
/// What the packages promise is on paper, so that a change to it is seen in review. Run <c>./test --accept-api</c> to
/// write the files anew, and look at the difference.
/// </summary>
public sealed class PublicApiTests
{
    private const string AcceptVariable = "TEST_ACCEPT_API";

    [Theory]
    [InlineData("Rekindle")]
    [InlineData("Rekindle.Client")]
    [InlineData("Rekindle.AspNetCore")]
    [InlineData("Rekindle.Sql")]
    [InlineData("Rekindle.Postgres")]
    [InlineData("Rekindle.Sqlite")]
    public void The_public_surface_is_the_one_on_paper(string package)
    {
        var folder = Repository.PathTo("tests", "Rekindle.Tests", "House", "PublicApi", package);
        var actual = PublicSurface.Render(Assembly.Load(package));

        if (Environment.GetEnvironmentVariable(AcceptVariable) is { Length: > 0 })
        {
            Write(folder, actual);
        }

        var expected = Read(folder);
        Assert.True(
            expected.SequenceEqual(actual),
            $"The public surface of {package} changed. If that is meant: ./test --accept-api\n{Difference(expected.Values, actual.Values)}");
    }

    private static SortedDictionary<string, string> Read(string folder)
    {
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.txt") : [];
        return new SortedDictionary<string, string>(files.ToDictionary(path => Path.GetFileNameWithoutExtension(path)!, File.ReadAllText), StringComparer.Ordinal);
    }

    // A file per namespace, so that two changes to different capabilities do not meet in one.
    private static void Write(string folder, SortedDictionary<string, string> surface)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        foreach (var (name, text) in surface)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, name + ".txt"), text);
        }
    }

    private static string Difference(IEnumerable<string> expected, IEnumerable<string> actual)
    {
        var before = expected.SelectMany(text => text.Split('\n')).ToList();
        var after = actual.SelectMany(text => text.Split('\n')).ToList();
        return string.Join('\n', [.. before.Except(after).Select(line => "- " + line.Trim()), .. after.Except(before).Select(line => "+ " + line.Trim())]);
    }
}
