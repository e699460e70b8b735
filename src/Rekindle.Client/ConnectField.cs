namespace Rekindle.Client;

/// <summary>A question on the connect form whose answer is kept as metadata of the connection.</summary>
public sealed record ConnectField
{
    /// <summary>Name in the metadata: lower case letters, digits, underscores.</summary>
    public required string Name { get; init; }

    /// <summary>Label on the form.</summary>
    public required string Label { get; init; }

    /// <summary>A sentence below the label.</summary>
    public string? Help { get; init; }

    /// <summary><c>text</c>, the default, <c>choice</c>, <c>number</c> or <c>percent</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>Whether it must be answered.</summary>
    public bool Required { get; init; }

    /// <summary>Answer that stands in the form at first.</summary>
    public string? Default { get; init; }

    /// <summary>For a choice: value → label, in order.</summary>
    public IReadOnlyDictionary<string, string>? Choices { get; init; }

    /// <summary>Smallest number; percent: 0.</summary>
    public decimal? Min { get; init; }

    /// <summary>Largest number; percent: 100.</summary>
    public decimal? Max { get; init; }
}
