using System.Globalization;
using System.Text.RegularExpressions;

namespace Rekindle.Connect;

/// <summary>
/// A question on the connect form whose answer is kept as metadata of the connection (E3). Part of an integration; what was
/// answered last stands in the form when the account is reconnected.
/// </summary>
public sealed partial record ConnectField
{
    /// <summary>Longest text that can be answered.</summary>
    public const int MaxLength = 500;

    /// <summary>Most answers to choose from.</summary>
    public const int MaxChoices = 100;

    /// <summary>Most fields of one form.</summary>
    public const int MaxFields = 20;

    /// <summary>Name in the metadata: lower case letters, digits, underscores.</summary>
    public required string Name { get; init; }

    /// <summary>Label on the form.</summary>
    public required string Label { get; init; }

    /// <summary>A sentence below the label; null: none.</summary>
    public string? Help { get; init; }

    /// <summary>What kind of answer.</summary>
    public ConnectFieldKind Kind { get; init; }

    /// <summary>Whether it must be answered.</summary>
    public bool Required { get; init; }

    /// <summary>Answer that stands in the form at first; null: none.</summary>
    public string? Default { get; init; }

    /// <summary>For <see cref="ConnectFieldKind.Choice"/>: value → label, in order.</summary>
    public IReadOnlyDictionary<string, string> Choices { get; init; } = new Dictionary<string, string>();

    /// <summary>Smallest number; null: no limit (percent: 0).</summary>
    public decimal? Min { get; init; }

    /// <summary>Largest number; null: no limit (percent: 100).</summary>
    public decimal? Max { get; init; }

    /// <summary>The limits in force.</summary>
    internal (decimal? Min, decimal? Max) Limits => Kind == ConnectFieldKind.Percent ? (Min ?? 0, Max ?? 100) : (Min, Max);

    /// <summary>What is wrong with the fields of an integration, in words for its operator; empty when nothing is.</summary>
    public static IEnumerable<string> Mistakes(IReadOnlyList<ConnectField> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        if (fields.Count > MaxFields)
        {
            yield return $"{fields.Count} fields are too many; at most {MaxFields} are allowed.";
        }

        foreach (var twice in fields.GroupBy(field => field.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            yield return $"the field '{twice.Key}' is there twice.";
        }

        foreach (var (field, problem) in fields.SelectMany(field => field.OwnMistakes().Select(problem => (field, problem))))
        {
            yield return $"the field '{field.Name}' {problem}";
        }
    }

    /// <summary>Checks an answer and gives the text to keep.</summary>
    /// <param name="given">The answer; null or empty: none.</param>
    /// <param name="value">Text for the metadata; empty when there is none.</param>
    /// <param name="problem">What is wrong, for the person; empty when true is returned.</param>
    public bool TryRead(string? given, out string value, out string problem)
    {
        value = given?.Trim() ?? "";
        problem = value.Length == 0 ? (Required ? "Please answer this." : "") : Kind switch
        {
            ConnectFieldKind.Choice => Choices.ContainsKey(value) ? "" : "Please choose one of the list.",
            ConnectFieldKind.Number or ConnectFieldKind.Percent => ReadNumber(ref value),
            _ => Text(value),
        };
        value = problem.Length > 0 ? "" : value;
        return problem.Length == 0;
    }

    private static string Text(string value) =>
        value.Length > MaxLength ? $"Please use at most {MaxLength} characters."
        : value.Any(char.IsControl) ? "Please use one line of plain text."
        : "";

    private string ReadNumber(ref string value)
    {
        var text = Kind == ConnectFieldKind.Percent && value.EndsWith('%') ? value[..^1].TrimEnd() : value;
        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (text.Length > 20 || !decimal.TryParse(text, Plain, CultureInfo.InvariantCulture, out var number))
        {
            return "Please write a number, such as 12 or 12.5.";
        }

        var (min, max) = Limits;
        if (number < min || number > max)
        {
            return (min, max) switch
            {
                ({ } low, { } high) => $"Please write a number from {Plainly(low)} to {Plainly(high)}.",
                ({ } low, _) => $"Please write a number of at least {Plainly(low)}.",
                (_, var high) => $"Please write a number of at most {Plainly(high!.Value)}.",
            };
        }

        value = Plainly(number);
        return "";
    }

    private static string Plainly(decimal number) => number.ToString("0.##########", CultureInfo.InvariantCulture);

    private IEnumerable<string> OwnMistakes()
    {
        if (!NamePattern.IsMatch(Name))
        {
            yield return "must be named with lower case letters, digits and underscores, beginning with a letter, at most 64 characters.";
        }

        if (string.IsNullOrWhiteSpace(Label) || Label.Length > 100 || Help?.Length > 300)
        {
            yield return "needs a label of at most 100 characters, and a help text of at most 300.";
        }

        if ((Kind == ConnectFieldKind.Choice) != (Choices.Count > 0))
        {
            yield return Kind == ConnectFieldKind.Choice ? "is a choice and has nothing to choose from." : "has choices and is not of kind choice.";
        }

        if (Choices.Count > MaxChoices || Choices.Any(c => Text(c.Key).Length > 0 || c.Key.Length == 0 || string.IsNullOrWhiteSpace(c.Value) || c.Value.Length > 100))
        {
            yield return $"may have at most {MaxChoices} choices, each with a value of 1 to {MaxLength} characters and a label of at most 100.";
        }

        if (Min > Max)
        {
            yield return "has a smallest number that is larger than its largest.";
        }

        if (Default is not null && !TryRead(Default, out _, out var problem))
        {
            yield return $"has a default that it would refuse itself: {problem}";
        }
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern { get; }
}

/// <summary>Kind of an answer on the connect form.</summary>
public enum ConnectFieldKind
{
    /// <summary>A line of text.</summary>
    Text,

    /// <summary>One of a list.</summary>
    Choice,

    /// <summary>A number, within limits where there are any.</summary>
    Number,

    /// <summary>A number from 0 to 100 unless other limits are given; a percent sign may follow it.</summary>
    Percent,
}
