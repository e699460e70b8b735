namespace Rekindle.Providers;

/// <summary>
/// A catalogue file as a tree in which every part knows where it stands, so that mistakes found after files were
/// merged still name the right file and line. The line of a field's value is the line of its name.
/// </summary>
internal abstract record CatalogueNode(string File, int Line);

/// <summary>A single value. Everything is text here: meaning is given by the field that reads it.</summary>
internal sealed record CatalogueScalar(string File, int Line, string Text, bool IsNull) : CatalogueNode(File, Line);

/// <summary>A sequence.</summary>
internal sealed record CatalogueList(string File, int Line, IReadOnlyList<CatalogueNode> Items) : CatalogueNode(File, Line);

/// <summary>Named fields, in the order of the file.</summary>
internal sealed record CatalogueMap(string File, int Line, IReadOnlyDictionary<string, CatalogueNode> Fields) : CatalogueNode(File, Line)
{
    /// <summary>The field at a path such as <c>errors.rules[2].text</c>, or the nearest part above it that exists.</summary>
    public CatalogueNode Nearest(string path)
    {
        CatalogueNode found = this;
        foreach (var step in path.Replace("[", ".[", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = found switch
            {
                CatalogueMap map => map.Fields.GetValueOrDefault(step),
                CatalogueList list when IndexOf(step) is { } index && index < list.Items.Count => list.Items[index],
                _ => null,
            };
            if (next is null)
            {
                return found;
            }

            found = next;
        }

        return found;
    }

    private static int? IndexOf(string step) =>
        step is ['[', .. var digits, ']'] && int.TryParse(digits, out var index) ? index : null;
}
