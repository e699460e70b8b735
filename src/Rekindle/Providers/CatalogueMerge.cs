namespace Rekindle.Providers;

/// <summary>
/// Lays one entry over another: an operator's file over the embedded one, an entry over the one it extends.
/// Mappings are merged field by field; a single value or a list replaces; null removes. Two exceptions: a lifecycle fact
/// is replaced as a whole, so that nobody's value carries somebody else's source, and the error rules of the upper
/// entry come before those of the lower one instead of replacing them, since the first rule that matches counts.
/// </summary>
internal static class CatalogueMerge
{
    public static CatalogueMap Over(CatalogueMap lower, CatalogueMap upper) => Merge(lower, upper, "");

    private static CatalogueMap Merge(CatalogueMap lower, CatalogueMap upper, string path)
    {
        var fields = new Dictionary<string, CatalogueNode>(lower.Fields, StringComparer.Ordinal);
        foreach (var (name, node) in upper.Fields)
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            fields[name] = (fields.GetValueOrDefault(name), node) switch
            {
                (CatalogueMap below, CatalogueMap above) when path != "lifecycle" => Merge(below, above, at),
                (CatalogueList below, CatalogueList above) when at == "errors.rules" => above with { Items = [.. above.Items, .. below.Items] },
                _ => node,
            };
        }

        return upper with { Fields = fields };
    }
}
