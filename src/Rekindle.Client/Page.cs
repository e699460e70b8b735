namespace Rekindle.Client;

/// <summary>One page of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record Page<T>
{
    /// <summary>The items, in the list's stable order.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Give it back as <c>cursor</c> for the next page; null: this is the last.</summary>
    public string? NextCursor { get; init; }
}
