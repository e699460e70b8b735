using Rekindle.Encryption;

namespace Rekindle.Refresh;

/// <summary>What an answer's body says, before anything is concluded from it.</summary>
public sealed record AnswerReading
{
    /// <summary>What the body is.</summary>
    public required AnswerKind Kind { get; init; }

    /// <summary>The token material; null unless the answer is a success: 2xx, no error, a non-empty access token.</summary>
    public TokenAnswer? Tokens { get; init; }

    /// <summary>Error codes in the body, most telling first. Raw: not yet bounded or scrubbed.</summary>
    public IReadOnlyList<string> ErrorCodes { get; init; } = [];

    /// <summary>Sub-codes in the body. Raw.</summary>
    public IReadOnlyList<string> ErrorSubCodes { get; init; } = [];

    /// <summary>The text for people. Raw.</summary>
    public string? ErrorText { get; init; }

    /// <summary>What stands where tokens stand, also in an answer that is none: its texts may repeat it.</summary>
    internal IReadOnlyList<Secret> Secrets { get; init; } = [];

    /// <summary>How long the answer asks us to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
