namespace Rekindle.AspNetCore.Http;

/// <summary>How long texts of a body may be, and what may not be in them.</summary>
internal static class TextRules
{
    public const int MaxLabel = 255;
    public const int MaxEntries = 50;
    public const int MaxLimits = 1000;
    public const int MaxName = 64;
    public const int MaxValue = 1000;
    public const int MaxToken = 16 * 1024;

    /// <summary>One line of text.</summary>
    public static void Check(string field, string? value, int max, Mistakes mistakes, bool required = false)
    {
        if (value is null or "")
        {
            if (required)
            {
                mistakes.Add(field, "must not be empty.");
            }
        }
        else if (value.Length > max)
        {
            mistakes.Add(field, $"is {value.Length} characters long; at most {max} are allowed.");
        }
        else if (value.Any(char.IsControl))
        {
            mistakes.Add(field, "contains control characters.");
        }
    }

    /// <summary>A list of names.</summary>
    public static void CheckList(string field, IReadOnlyList<string>? entries, int most, Mistakes mistakes)
    {
        if (entries?.Count > most)
        {
            mistakes.Add(field, $"has more than {most} entries.");
        }
        else if (entries?.Any(e => e is null or { Length: 0 or > MaxLabel } || e.Any(char.IsControl)) == true)
        {
            mistakes.Add(field, $"must have entries of 1 to {MaxLabel} characters.");
        }
    }

    /// <summary>A map of the operator's own values.</summary>
    public static void CheckMap(string field, IEnumerable<KeyValuePair<string, string?>>? map, Mistakes mistakes, bool mayBeNull = false)
    {
        var entries = 0;
        foreach (var (name, value) in map ?? [])
        {
            if (++entries > MaxEntries)
            {
                mistakes.Add(field, $"has more than {MaxEntries} values.");
                return;
            }

            var at = $"{field}.{(name.Length <= MaxName ? name : name[..MaxName] + "…")}";
            if (name.Length is 0 or > MaxName || name.Any(char.IsControl))
            {
                mistakes.Add(at, $"names must have 1 to {MaxName} characters and no control characters.");
            }

            if (value is null && !mayBeNull)
            {
                mistakes.Add(at, "must not be null.");
            }
            else if (value?.Length > MaxValue)
            {
                mistakes.Add(at, $"is {value.Length} characters long; at most {MaxValue} are allowed.");
            }
        }
    }
}
