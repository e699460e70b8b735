namespace Rekindle.Refresh;

/// <summary>What an exchange means. The evidence of one exchange only: what others' results say about it is the engine's to weigh.</summary>
public sealed record Classified
{
    /// <summary>The class.</summary>
    public required RefreshClass Class { get; init; }

    /// <summary>The provider's error code, bounded and scrubbed.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Its sub-code that decided, else the first.</summary>
    public string? ErrorSubCode { get; init; }

    /// <summary>The provider's text, or a sentence about what happened on the way; bounded, without control characters, scrubbed.</summary>
    public string? Message { get; init; }

    /// <summary>Why the grant is over, for classes that end it.</summary>
    public DisconnectReason? Reason { get; init; }

    /// <summary>Who can mend it.</summary>
    public WhoActs WhoActs { get; init; }

    /// <summary>How long the provider asks us to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// For <see cref="RefreshClass.ClientMisconfigured"/>: the code says so outright, so that one connection is enough to
    /// halt the integration. Else a second one must agree with no success between.
    /// </summary>
    public bool HaltsAtOnce { get; init; }

    /// <summary>The provider cannot have seen the request: it may be repeated at once (B5).</summary>
    public bool ProvablyNotSent { get; init; }

    /// <summary>
    /// The token material. With <see cref="RefreshClass.Success"/> always; with <see cref="RefreshClass.NotDueYet"/> the
    /// token that was handed back; never with any other class.
    /// </summary>
    public TokenAnswer? Tokens { get; init; }

    /// <summary>It passes by itself.</summary>
    public bool IsTransient => Class is RefreshClass.RateLimited or RefreshClass.ProviderUnavailable or RefreshClass.Network or RefreshClass.NotDueYet;

    /// <summary>The grant is over, unless the stored token has moved on meanwhile (I6).</summary>
    public bool EndsGrant => Class is RefreshClass.GrantDead or RefreshClass.ConsentRequired or RefreshClass.InteractionRequired;
}
