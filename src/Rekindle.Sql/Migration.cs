using System.Globalization;
using System.Reflection;

namespace Rekindle.Sql;

/// <summary>One step of the schema. Once released it is never edited, and both databases have the same numbers and names.</summary>
internal sealed record Migration(int Number, string Name, string Sql)
{
    private const string Folder = ".Migrations.";

    /// <summary>Those embedded in an assembly as <c>Migrations/NNNN_name.sql</c>, in order.</summary>
    public static IReadOnlyList<Migration> AllOf(Assembly assembly) =>
    [
        .. assembly.GetManifestResourceNames()
            .Where(resource => resource.Contains(Folder, StringComparison.Ordinal) && resource.EndsWith(".sql", StringComparison.Ordinal))
            .Select(resource => Load(assembly, resource))
            .OrderBy(migration => migration.Number),
    ];

    private static Migration Load(Assembly assembly, string resource)
    {
        var name = resource[(resource.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length)..^".sql".Length];
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return new(int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture), name, reader.ReadToEnd());
    }
}
