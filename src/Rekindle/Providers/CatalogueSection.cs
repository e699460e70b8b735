using System.Globalization;
using System.Text.Json;

namespace Rekindle.Providers;

/// <summary>
/// Typed reading of one mapping. Every mistake is added to the list and answered with the fallback, so that reading
/// goes on and one start shows them all. <see cref="Finish"/> reports the fields nobody asked for.
/// </summary>
internal sealed class CatalogueSection(CatalogueMap map, string path, ICollection<ProviderCatalogueError> errors)
{
    private const int MaxTextLength = 2_000;

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public CatalogueMap Map => map;

    public string PathOf(string field) => path.Length == 0 ? field : $"{path}.{field}";

    /// <summary>The field's node; null when absent or written as null.</summary>
    public CatalogueNode? Node(string field)
    {
        _known.Add(field);
        return map.Fields.GetValueOrDefault(field) is { } node and not CatalogueScalar { IsNull: true } ? node : null;
    }

    public void Add(string field, string problem)
    {
        var at = map.Fields.GetValueOrDefault(field) ?? map;
        errors.Add(new(at.File, at.Line, PathOf(field), problem));
    }

    public string? Text(string field) => Node(field) is { } node ? TextOf(node, PathOf(field)) : null;

    public string RequiredText(string field)
    {
        if (Node(field) is null)
        {
            Add(field, "the field is missing; write it.");
        }

        return Text(field) ?? "";
    }

    public bool Flag(string field, bool fallback = false) => Text(field) switch
    {
        null => fallback,
        "true" => true,
        "false" => false,
        _ => Wrong(field, "must be `true` or `false`.", fallback),
    };

    public int? Number(string field, int min, int max)
    {
        if (Text(field) is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : Wrong<int?>(field, $"must be a whole number from {min} to {max}.", null);
    }

    public DateOnly? Date(string field)
    {
        if (Text(field) is not { } text)
        {
            return null;
        }

        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : Wrong<DateOnly?>(field, "must be a date such as 2026-11-21.", null);
    }

    public TimeSpan? Duration(string field)
    {
        if (Text(field) is not { } text)
        {
            return null;
        }

        return CatalogueDuration.TryParse(text, out var duration)
            ? duration
            : Wrong<TimeSpan?>(field, "must be a duration such as 90s, 30m, 1h or 90d.", null);
    }

    public T Choice<T>(string field, T fallback)
        where T : struct, Enum => Choice<T>(field) ?? fallback;

    public T? Choice<T>(string field)
        where T : struct, Enum
    {
        if (Text(field) is not { } text)
        {
            return null;
        }

        return Names<T>.Values.TryGetValue(text, out var value)
            ? value
            : Wrong<T?>(field, $"must be one of: {string.Join(", ", Names<T>.Values.Keys)}.", null);
    }

    public IReadOnlyList<string> Texts(string field, IReadOnlyList<string> fallback) => Node(field) switch
    {
        null => fallback,
        CatalogueList list => [.. list.Items.Select((item, i) => TextOf(item, $"{PathOf(field)}[{i}]")).OfType<string>()],
        _ => Wrong(field, "must be a list such as `[a, b]`.", fallback),
    };

    /// <summary>One text, or a list of them where several values mean the same; one null when there is none.</summary>
    public IReadOnlyList<string?> TextOrTexts(string field)
    {
        List<string?> texts = Node(field) is CatalogueList { Items.Count: > 0 } ? [.. Texts(field, [])] : [Text(field)];
        return texts.Count > 0 ? texts : [null];
    }

    public IReadOnlyDictionary<string, string> Pairs(string field)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, node) in Children(field))
        {
            if (TextOf(node, $"{PathOf(field)}.{name}") is { } text)
            {
                pairs[name] = text;
            }
        }

        return pairs;
    }

    public CatalogueSection? Section(string field) => Node(field) switch
    {
        null => null,
        CatalogueMap inner => new CatalogueSection(inner, PathOf(field), errors),
        _ => Wrong<CatalogueSection?>(field, "must hold fields of its own, such as `name: value`.", null),
    };

    /// <summary>The field's named mappings (variables).</summary>
    public IEnumerable<(string Name, CatalogueSection Section)> NamedSections(string field)
    {
        foreach (var (name, node) in Children(field))
        {
            if (AsSection(node, $"{PathOf(field)}.{name}") is { } section)
            {
                yield return (name, section);
            }
        }
    }

    /// <summary>The field's list of mappings (error rules).</summary>
    public IEnumerable<CatalogueSection> Sections(string field)
    {
        if (Node(field) is not { } node)
        {
            yield break;
        }

        if (node is not CatalogueList list)
        {
            Add(field, "must be a list, each item on its own `- ` line.");
            yield break;
        }

        for (var i = 0; i < list.Items.Count; i++)
        {
            if (AsSection(list.Items[i], string.Create(CultureInfo.InvariantCulture, $"{PathOf(field)}[{i}]")) is { } section)
            {
                yield return section;
            }
        }
    }

    /// <summary>Reports the fields that nothing has read.</summary>
    public void Finish()
    {
        foreach (var unknown in map.Fields.Keys.Where(name => !_known.Contains(name)))
        {
            var near = _known.FirstOrDefault(known => CloseTo(known, unknown));
            Add(unknown, near is null
                ? $"unknown field; known here: {string.Join(", ", _known.Order(StringComparer.Ordinal))}."
                : $"unknown field; did you mean `{near}`?");
        }
    }

    private static bool CloseTo(string known, string unknown)
    {
        static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);

        return string.Equals(Plain(known), Plain(unknown), StringComparison.OrdinalIgnoreCase)
            || (unknown.Length > 3 && (known.StartsWith(unknown, StringComparison.Ordinal) || unknown.StartsWith(known, StringComparison.Ordinal)));
    }

    private IEnumerable<KeyValuePair<string, CatalogueNode>> Children(string field)
    {
        switch (Node(field))
        {
            case null:
                return [];
            case CatalogueMap inner:
                return inner.Fields.Where(child => child.Value is not CatalogueScalar { IsNull: true });
            default:
                Add(field, "must hold named values, such as `name: value`.");
                return [];
        }
    }

    private CatalogueSection? AsSection(CatalogueNode node, string at)
    {
        if (node is CatalogueMap inner)
        {
            return new CatalogueSection(inner, at, errors);
        }

        errors.Add(new(node.File, node.Line, at, "must hold fields of its own, such as `name: value`."));
        return null;
    }

    private string? TextOf(CatalogueNode node, string at)
    {
        var problem = node switch
        {
            CatalogueScalar { IsNull: true } => "must not be empty here.",
            CatalogueScalar { Text.Length: > MaxTextLength } => $"must be at most {MaxTextLength} characters.",
            CatalogueScalar { Text: var text } when text.Any(char.IsControl) => "must not contain control characters.",
            CatalogueScalar => null,
            _ => "must be a single value.",
        };
        if (problem is null)
        {
            return ((CatalogueScalar)node).Text;
        }

        errors.Add(new(node.File, node.Line, at, problem));
        return null;
    }

    /// <summary>An enumeration's values by their names in the files.</summary>
    private static class Names<T>
        where T : struct, Enum
    {
        public static readonly OrderedDictionary<string, T> Values =
            new(Enum.GetValues<T>().Select(value => KeyValuePair.Create(JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()), value)));
    }

    private T Wrong<T>(string field, string problem, T fallback)
    {
        Add(field, problem);
        return fallback;
    }
}
