namespace Rekindle.Client;

/// <summary>The server did not answer as wished; <see cref="Problem"/> says why and who can mend it.</summary>
public sealed class RekindleApiException : Exception
{
    /// <summary>With the problem.</summary>
    public RekindleApiException(Problem problem)
        : base(Describe(problem)) => Problem = problem;

    /// <summary>The problem.</summary>
    public Problem Problem { get; }

    private static string Describe(Problem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        return $"{problem.Code}: {problem.Detail}";
    }
}
