using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>Where errors stand in an answer and what they mean.</summary>
public sealed record ErrorRules
{
    /// <summary>Paths to the error code.</summary>
    public IReadOnlyList<string> Code { get; init; } = ["error"];

    /// <summary>Paths to a sub-code; arrays give each element (Microsoft's <c>error_codes</c>).</summary>
    public IReadOnlyList<string> SubCode { get; init; } = ["suberror", "error_subtype"];

    /// <summary>Paths to the text for people.</summary>
    public IReadOnlyList<string> Description { get; init; } = ["error_description", "message"];

    /// <summary>Path → value that marks a 2xx answer as a failure (Slack: <c>ok</c> = <c>false</c>).</summary>
    public IReadOnlyDictionary<string, string> FailureMarks { get; init; } = new Dictionary<string, string>();

    /// <summary>The provider's dialect, most specific first; asked before the general table.</summary>
    public IReadOnlyList<ErrorRule> Rules { get; init; } = [];
}

/// <summary>
/// One line of a dialect: all parts that are given must match. An assumed rule may only make us more careful: it
/// never ends a grant by itself.
/// </summary>
public sealed record ErrorRule
{
    /// <summary>HTTP status; null: any.</summary>
    public int? Status { get; init; }

    /// <summary>Error code, compared without case; null: any.</summary>
    public string? Code { get; init; }

    /// <summary>Sub-code, compared without case; null: any.</summary>
    public string? SubCode { get; init; }

    /// <summary>Regular expression over the description; null: any.</summary>
    public string? Text { get; init; }

    /// <summary>What it means.</summary>
    public required RefreshClass Class { get; init; }

    /// <summary>Why, for people and for <c>disconnect_reason</c>; null: the class's own.</summary>
    public DisconnectReason? Reason { get; init; }

    /// <summary>Who can mend it when that differs from the class's own: <c>nobody</c>, <c>user</c>, <c>operator</c>.</summary>
    public WhoActs? WhoActs { get; init; }

    /// <summary>How well the rule is known.</summary>
    public Confidence Confidence { get; init; } = Confidence.Assumed;

    /// <summary>When it was last checked.</summary>
    public DateOnly? Date { get; init; }

    /// <summary>Page, SDK file or issue that says so.</summary>
    public string? Source { get; init; }
}
