namespace Rekindle.Client;

/// <summary>What a test of an integration found.</summary>
public sealed record IntegrationTest
{
    /// <summary>Whether nothing is wrong as far as could be seen.</summary>
    public bool Ok { get; init; }

    /// <summary>What was looked at, in order; it ends at the first that failed.</summary>
    public IReadOnlyList<IntegrationCheck> Checks { get; init; } = [];
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name"><c>provider</c>, <c>credentials</c>, <c>request</c>, <c>endpoint</c> or <c>client</c>.</param>
/// <param name="Result"><c>ok</c>, <c>failed</c> or <c>unclear</c>.</param>
/// <param name="Detail">In words, with the remedy.</param>
public sealed record IntegrationCheck(string Name, string Result, string Detail);
