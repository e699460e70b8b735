using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Rekindle.Sql;

/// <summary>
/// One step of the schema. Once released it is never edited, and both databases have the same numbers and names. Workers of two
/// versions share a database while an upgrade rolls over them, so a step says in its first lines (<c>-- works with: 0001</c>) which
/// older programs go on working after it; without that line, none.
/// </summary>
/// <param name="Number">Its place, from 1.</param>
/// <param name="Name">The file's name without ending.</param>
/// <param name="Sql">Its statements.</param>
/// <param name="WorksWith">What a program must know at least to go on working after it: the number of a migration.</param>
internal sealed partial record Migration(int Number, string Name, string Sql, int WorksWith)
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
        var sql = reader.ReadToEnd();
        var number = int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture);
        var works = WorksWithLine().Match(sql);
        return new(number, name, sql, works.Success ? int.Parse(works.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : number);
    }

    [GeneratedRegex(@"^-- works with: (\d{4})\s*$", RegexOptions.Multiline)]
    private static partial Regex WorksWithLine();
}
