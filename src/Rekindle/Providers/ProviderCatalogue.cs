using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Rekindle.Providers;

/// <summary>
/// Every authorization server that Rekindle knows: the entries that ship with it, changed and added to by the files of
/// an operator's folder. Read once at start and never changed.
/// </summary>
public sealed class ProviderCatalogue
{
    private readonly Dictionary<string, ProviderDefinition> _byKey;

    private ProviderCatalogue(IEnumerable<ProviderDefinition> providers)
    {
        All = [.. providers.OrderBy(provider => provider.Key, StringComparer.Ordinal)];
        _byKey = All.ToDictionary(provider => provider.Key, StringComparer.Ordinal);
    }

    /// <summary>Every entry, by key.</summary>
    public IReadOnlyList<ProviderDefinition> All { get; }

    /// <summary>Reads the embedded entries only.</summary>
    /// <exception cref="ProviderCatalogueException">The catalogue has mistakes; all are listed.</exception>
    public static ProviderCatalogue Load() => Load(new ProviderCatalogueOptions());

    /// <summary>Reads the embedded entries and lays those of a folder over them.</summary>
    /// <param name="overrideFolder">Folder with the operator's <c>*.yaml</c> files; null: none.</param>
    /// <exception cref="ProviderCatalogueException">The catalogue has mistakes; all are listed.</exception>
    public static ProviderCatalogue Load(string? overrideFolder) => Load(new ProviderCatalogueOptions { OverrideFolder = overrideFolder });

    /// <summary>Reads the embedded entries and those of the folder that the options name.</summary>
    /// <exception cref="ProviderCatalogueException">The catalogue has mistakes; all are listed.</exception>
    public static ProviderCatalogue Load(ProviderCatalogueOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);

        var errors = new List<ProviderCatalogueError>();
        var overrides = options.OverrideFolder is { } folder ? CatalogueFiles.InFolder(folder, errors) : [];
        return Build(CatalogueFiles.Embedded(), overrides, options.AllowInsecureEndpoints, errors);
    }

    /// <summary>Entries from text, laid over the embedded ones like a folder's: for simulators and tests.</summary>
    /// <exception cref="ProviderCatalogueException">The catalogue has mistakes; all are listed.</exception>
    internal static ProviderCatalogue Parse(bool allowInsecureEndpoints, params IEnumerable<string> files)
    {
        var overrides = files.Select((text, i) => new CatalogueFile($"text-{i + 1}.yaml", Encoding.UTF8.GetBytes(text)));
        return Build(CatalogueFiles.Embedded(), [.. overrides], allowInsecureEndpoints, []);
    }

    /// <summary>The entry with this key; null when there is none.</summary>
    public ProviderDefinition? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>The entry with this key.</summary>
    public bool TryFind(string key, [NotNullWhen(true)] out ProviderDefinition? provider) => _byKey.TryGetValue(key, out provider);

    /// <summary>Lays the overrides over the entries below and reads the result.</summary>
    internal static ProviderCatalogue Build(
        IEnumerable<CatalogueFile> below, IEnumerable<CatalogueFile> overrides, bool allowInsecure, List<ProviderCatalogueError> errors)
    {
        var entries = new CatalogueEntries(errors);
        entries.Add(below);
        entries.Add(overrides);

        var providers = entries.Resolve().Select(entry => Read(entry, allowInsecure, errors)).ToArray();
        return errors.Count == 0 ? new ProviderCatalogue(providers) : throw new ProviderCatalogueException(Sorted(errors));
    }

    private static ProviderDefinition Read(CatalogueMap entry, bool allowInsecure, List<ProviderCatalogueError> errors)
    {
        var before = errors.Count;
        var provider = ProviderDefinitionReader.Read(entry, errors) with { AllowsInsecureEndpoints = allowInsecure };
        var unread = errors.Skip(before).Select(error => error.Field).ToHashSet(StringComparer.Ordinal);
        foreach (var (field, problem) in ProviderDefinitionRules.Check(provider).Where(found => !unread.Contains(found.Field)))
        {
            var at = entry.Nearest(field);
            errors.Add(new(at.File, at.Line, field, problem));
        }

        return provider;
    }

    /// <summary>By place; once, also where several entries share the faulty lines through <c>extends</c>.</summary>
    private static ProviderCatalogueError[] Sorted(IEnumerable<ProviderCatalogueError> errors) =>
        [.. errors.Distinct().OrderBy(error => error.File, StringComparer.Ordinal).ThenBy(error => error.Line)];
}
