using System.Runtime.CompilerServices;
using System.Text;

namespace Rekindle.Testing;

/// <summary>Random numbers that are the same in every run of a test, and different from test to test.</summary>
public static class TestRandom
{
    /// <summary>Set to a number to let every test draw other numbers than usual.</summary>
    private const string SeedVariable = "TEST_SEED";

    /// <summary>A source seeded by the name of the calling test.</summary>
    public static Random Create([CallerMemberName] string test = "")
    {
        var offset = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out var seed) ? seed : 0;
        return new Random(unchecked(StableHash(test) + offset));
    }

    // string.GetHashCode differs from process to process. FNV-1a.
    private static int StableHash(string text)
    {
        var hash = 2166136261;
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            hash = unchecked((hash ^ b) * 16777619);
        }

        return unchecked((int)hash);
    }
}
