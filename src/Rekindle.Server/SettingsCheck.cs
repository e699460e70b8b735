using System.ComponentModel;
using System.Reflection;

namespace Rekindle.Server;

/// <summary>
/// Compares a configuration section with the classes it is bound to: settings nobody reads and values that are not of their
/// type are mistakes, all reported at once. A setting with a typo would otherwise be ignored in silence.
/// </summary>
internal static class SettingsCheck
{
    public static void Check(IConfigurationSection section, IReadOnlyList<Type> types, List<string> mistakes)
    {
        var known = types.SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Instance)).Where(IsSetting).ToArray();
        foreach (var child in section.GetChildren())
        {
            if (known.FirstOrDefault(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is { } property)
            {
                CheckValue(child, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, mistakes);
            }
            else
            {
                mistakes.Add($"{child.Path} is not a setting.{Suggestion(child.Key, known)}");
            }
        }
    }

    private static void CheckValue(IConfigurationSection section, Type type, List<string> mistakes)
    {
        if (ElementOf(type) is { } element)
        {
            foreach (var entry in section.GetChildren())
            {
                CheckValue(entry, element, mistakes);
            }
        }
        else if (IsLeaf(type))
        {
            CheckText(section, type, mistakes);
        }
        else
        {
            Check(section, [type], mistakes);
        }
    }

    private static void CheckText(IConfigurationSection section, Type type, List<string> mistakes)
    {
        if (section.GetChildren().Any())
        {
            mistakes.Add($"{section.Path} is a single value and has no settings below it.");
            return;
        }

        // An empty value stands for "not set" in environment files, and is right for texts only.
        if (type != typeof(string) && !TryConvert(section.Value, type))
        {
            mistakes.Add($"{section.Path} must be {Word(type)}.");
        }
    }

    private static bool TryConvert(string? text, Type type)
    {
        try
        {
            return text is not null && TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text) is { } value
                && (!type.IsEnum || Enum.IsDefined(type, value));
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or NotSupportedException)
        {
            return false;
        }
    }

    private static bool IsSetting(PropertyInfo property) => property.SetMethod?.IsPublic == true || ElementOf(property.PropertyType) is not null;

    private static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>) ? type.GetGenericArguments()[1] : null;

    private static bool IsLeaf(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(Uri);

    private static string Word(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a duration such as 00:02:00"
        : type == typeof(Uri) ? "an address"
        : type.IsEnum ? $"one of: {string.Join(", ", Enum.GetNames(type).Select(n => n.ToLowerInvariant()))}"
        : "a number";

    private static string Suggestion(string given, IEnumerable<PropertyInfo> known)
    {
        var nearest = known.Select(p => p.Name).Distinct().MinBy(name => Distance(given.ToLowerInvariant(), name.ToLowerInvariant()));
        return nearest is not null && Distance(given.ToLowerInvariant(), nearest.ToLowerInvariant()) <= Math.Max(2, given.Length / 3)
            ? $" Do you mean {nearest}?"
            : "";
    }

    // Levenshtein, one row at a time.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[^1];
    }
}
