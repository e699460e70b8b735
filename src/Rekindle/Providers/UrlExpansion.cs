namespace Rekindle.Providers;

/// <summary>What became of a URL template: <see cref="Expanded"/>, <see cref="Absent"/> or <see cref="Refused"/>.</summary>
public abstract record UrlExpansion
{
    private UrlExpansion()
    {
    }

    /// <summary>The address.</summary>
    public sealed record Expanded(Uri Url) : UrlExpansion;

    /// <summary>The template stands for an optional address and the operator has given none.</summary>
    /// <param name="Variable">The variable without value.</param>
    public sealed record Absent(string Variable) : UrlExpansion;

    /// <summary>A value is missing or may not stand where the template puts it. The value itself is not repeated.</summary>
    /// <param name="Variable">The variable at fault; null when the whole address is.</param>
    /// <param name="Problem">What is wrong, for people.</param>
    public sealed record Refused(string? Variable, string Problem) : UrlExpansion;
}
