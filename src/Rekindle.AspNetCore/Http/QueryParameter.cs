using System.Globalization;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.AspNetCore.Http;

/// <summary>A parameter of the query: how it reads, and what is said about it.</summary>
internal abstract record QueryParameter(string Name, string Description)
{
    public bool Required { get; init; }

    /// <summary>JSON type for the documentation.</summary>
    public string Type { get; init; } = "string";

    /// <summary>Format for the documentation.</summary>
    public string? Format { get; init; }

    /// <summary>Least and most of a number; null: it is none.</summary>
    public (int Least, int Most)? Range { get; init; }

    /// <summary>Allowed words; null: free.</summary>
    public IReadOnlyList<string>? Words { get; init; }
}

/// <summary>A parameter with its type.</summary>
/// <param name="Name">Name in the query.</param>
/// <param name="Description">What it does.</param>
/// <param name="Read">Reads the text; a problem when it cannot.</param>
internal sealed record QueryParameter<T>(string Name, string Description, Func<string, (T Value, string? Problem)> Read)
    : QueryParameter(Name, Description);

/// <summary>Kinds of parameters.</summary>
internal static class Query
{
    public const int MaxText = 1000;

    public static QueryParameter<string?> Text(string name, string description, bool required = false, int max = ConnectionKey.MaxPartLength) =>
        new(name, description, text => text.Length > max ? (null, $"is {text.Length} characters long; at most {max} are allowed.")
            : text.Length == 0 && required ? (null, "must not be empty.")
            : text.Any(char.IsControl) ? (null, "contains control characters.")
            : (text, null))
        { Required = required };

    public static QueryParameter<int?> Number(string name, string description, int least, int most) =>
        new(name, description, text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most
            ? (value, null)
            : (null, $"must be a whole number from {least} to {most}."))
        { Type = "integer", Range = (least, most) };

    public static QueryParameter<bool?> Flag(string name, string description) =>
        new(name, description, text => text switch
        {
            "true" or "1" or "" => (true, null),
            "false" or "0" => (false, null),
            _ => (null, "must be true or false."),
        })
        { Type = "boolean" };

    public static QueryParameter<DateTimeOffset?> Instant(string name, string description) =>
        new(name, description, text => TryInstant(text, out var value) ? (value, null) : (null, "must be an instant such as 2026-01-31T12:00:00Z."))
        {
            Format = "date-time",
        };

    public static QueryParameter<T?> Word<T>(string name, string description)
        where T : struct, Enum =>
        new(name, description, text => Names.TryParse<T>(text, out var value)
            ? (value, null)
            : (null, $"must be one of: {string.Join(", ", Names.All<T>())}."))
        { Words = [.. Names.All<T>()] };

    // A zone must be given: local time has cost others their tokens (F84).
    private static bool TryInstant(string text, out DateTimeOffset value) =>
        DateTimeOffset.TryParse(text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out value)
        && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-', ' ']) > text.IndexOf('T', StringComparison.Ordinal)) && text.Contains('T', StringComparison.Ordinal);
}
