namespace Rekindle.Providers;

/// <summary>Entries by key while files are laid over one another and <c>extends</c> is followed.</summary>
internal sealed class CatalogueEntries(ICollection<ProviderCatalogueError> errors)
{
    private readonly Dictionary<string, CatalogueMap> _entries = new(StringComparer.Ordinal);

    /// <summary>
    /// Adds a layer: a file whose key a lower layer has is laid over that entry. Within a layer a key stands once.
    /// </summary>
    public void Add(IEnumerable<CatalogueFile> layer)
    {
        var inLayer = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in layer)
        {
            if (CatalogueYaml.Read(file.Name, file.Content, errors) is not { } entry || KeyOf(entry) is not { } key)
            {
                continue;
            }

            if (!inLayer.TryAdd(key, file.Name))
            {
                errors.Add(new(file.Name, entry.Fields["key"].Line, "key", $"`{key}` is also the key of {inLayer[key]}; keep one file."));
                continue;
            }

            _entries[key] = _entries.TryGetValue(key, out var lower) ? CatalogueMerge.Over(lower, entry) : entry;
        }
    }

    /// <summary>Every entry with what it extends laid under it.</summary>
    public IReadOnlyList<CatalogueMap> Resolve() => [.. _entries.Keys.Select(key => Resolve(key, [])).OfType<CatalogueMap>()];

    private CatalogueMap? Resolve(string key, HashSet<string> above)
    {
        var entry = _entries[key];
        if (entry.Fields.GetValueOrDefault("extends") is not { } extends || extends is CatalogueScalar { IsNull: true })
        {
            return entry;
        }

        above.Add(key);
        var problem = extends switch
        {
            CatalogueScalar { Text: var name } when !_entries.ContainsKey(name) => $"there is no entry `{name}`; check the spelling.",
            CatalogueScalar { Text: var name } when above.Contains(name) => $"`{name}` extends this entry in turn; one of the two must stand alone.",
            CatalogueScalar => null,
            _ => "must be the key of another entry.",
        };
        if (problem is not null)
        {
            errors.Add(new(extends.File, extends.Line, "extends", problem));
            return null;
        }

        return Resolve(((CatalogueScalar)extends).Text, above) is { } lower ? Over(lower, entry) : null;
    }

    /// <summary>What names the lower entry is not inherited; a variant has its own name.</summary>
    private static CatalogueMap Over(CatalogueMap lower, CatalogueMap upper)
    {
        var inherited = lower.Fields.Where(field => field.Key is not ("key" or "display_name" or "extends"));
        return CatalogueMerge.Over(lower with { Fields = inherited.ToDictionary(StringComparer.Ordinal) }, upper);
    }

    private string? KeyOf(CatalogueMap entry)
    {
        if (entry.Fields.GetValueOrDefault("key") is CatalogueScalar { IsNull: false } key)
        {
            return key.Text;
        }

        errors.Add(new(entry.File, entry.Line, "key", "the field is missing; write the provider's key, such as `key: my-provider`."));
        return null;
    }
}
