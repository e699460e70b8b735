using System.Reflection;

namespace Rekindle.Providers;

/// <summary>A catalogue file before it is read.</summary>
internal sealed record CatalogueFile(string Name, ReadOnlyMemory<byte> Content);

/// <summary>Where catalogue files come from: this assembly, and a folder an operator mounts.</summary>
internal static class CatalogueFiles
{
    private const string Prefix = "catalogue/";
    private const int MaxFiles = 1_000;

    public static IReadOnlyList<CatalogueFile> Embedded()
    {
        var assembly = typeof(CatalogueFiles).Assembly;
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(name => new CatalogueFile($"embedded:{name[Prefix.Length..]}", Content(assembly, name))),
        ];
    }

    /// <summary>The folder's <c>*.yaml</c> and <c>*.yml</c> files. Other files, hidden files and sub-folders are left alone.</summary>
    public static IReadOnlyList<CatalogueFile> InFolder(string folder, ICollection<ProviderCatalogueError> errors)
    {
        if (!Directory.Exists(folder))
        {
            errors.Add(new(folder, 0, "", "the override folder does not exist or is not a folder; create it, mount it, or unset the setting."));
            return [];
        }

        try
        {
            var names = Directory.EnumerateFiles(folder).Where(IsCatalogueFile).Order(StringComparer.Ordinal).ToArray();
            if (names.Length > MaxFiles)
            {
                errors.Add(new(folder, 0, "", $"the override folder holds more than {MaxFiles} files; is this the right folder?"));
                return [];
            }

            return [.. names.Select(name => Read(name, errors)).OfType<CatalogueFile>()];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            errors.Add(new(folder, 0, "", $"the override folder cannot be listed ({unreadable.Message}); give this process the right to read it."));
            return [];
        }
    }

    private static bool IsCatalogueFile(string path) =>
        !Path.GetFileName(path).StartsWith('.') && Path.GetExtension(path).ToLowerInvariant() is ".yaml" or ".yml";

    private static CatalogueFile? Read(string path, ICollection<ProviderCatalogueError> errors)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);

            // One byte more than allowed is enough to see that a file is too large, whatever its length claims.
            var content = new byte[CatalogueYaml.MaxBytes + 1];
            return new CatalogueFile(path, content.AsMemory(0, stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false)));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            errors.Add(new(path, 0, "", $"the file cannot be read ({unreadable.Message}); give this process the right to read it."));
            return null;
        }
    }

    private static byte[] Content(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
