namespace Rekindle.Providers;

/// <summary>How well a catalogue fact is known (DESIGN §2).</summary>
public enum Confidence
{
    /// <summary>Not found anywhere: general knowledge. May only make us more careful.</summary>
    Assumed,

    /// <summary>A credible third party says so.</summary>
    Reported,

    /// <summary>The provider's own page, SDK or changelog says so.</summary>
    Confirmed,
}

/// <summary>A statement about a provider's behaviour with where it comes from.</summary>
/// <param name="Value">The statement.</param>
/// <param name="Confidence">How well it is known; an absent fact counts as assumed.</param>
/// <param name="Date">When it was last checked.</param>
/// <param name="Source">Page, SDK file or issue that says so.</param>
public sealed record Fact<T>(T Value, Confidence Confidence, DateOnly? Date = null, string? Source = null)
{
    /// <summary>Confirmed or reported: may be used in the less careful direction.</summary>
    public bool IsKnown => Confidence != Confidence.Assumed;
}
