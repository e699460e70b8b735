using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Rekindle.AspNetCore.Http;

/// <summary>Compares a JSON value with a wire type and names every field that does not fit, before anything is read into objects.</summary>
internal static class JsonShape
{
    public static bool Fits(JsonElement value, JsonTypeInfo type, Mistakes mistakes)
    {
        var found = new Mistakes();
        Check(value, type, "", found);
        foreach (var mistake in found.Found)
        {
            mistakes.Add(mistake.Field, mistake.Message);
        }

        return !found.Any;
    }

    private static void Check(JsonElement value, JsonTypeInfo type, string path, Mistakes mistakes)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object when value.ValueKind == JsonValueKind.Object:
                CheckFields(value, type, path, mistakes);
                break;
            case JsonTypeInfoKind.Dictionary when value.ValueKind == JsonValueKind.Object:
                CheckEntries(value, type, path, mistakes);
                break;
            case JsonTypeInfoKind.Enumerable when value.ValueKind == JsonValueKind.Array:
                var element = type.Options.GetTypeInfo(type.ElementType!);
                foreach (var (item, i) in value.EnumerateArray().Select((item, i) => (item, i)))
                {
                    Check(item, element, $"{path}[{i}]", mistakes);
                }

                break;
            case JsonTypeInfoKind.None when value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null):
                CheckValue(value, type, path, mistakes);
                break;
            default:
                mistakes.Add(path, $"must be {Word(type)}.");
                break;
        }
    }

    private static void CheckFields(JsonElement value, JsonTypeInfo type, string path, Mistakes mistakes)
    {
        foreach (var field in value.EnumerateObject())
        {
            if (NameOf(field, path, mistakes) is not { } name)
            {
                continue;
            }

            var at = path.Length == 0 ? name : $"{path}.{name}";
            var known = type.Properties.FirstOrDefault(p => p.Name == name && p.Set is not null);
            if (known is null)
            {
                mistakes.Add(Bounded(at), "is not a known field.");
            }
            else if (field.Value.ValueKind != JsonValueKind.Null)
            {
                Check(field.Value, type.Options.GetTypeInfo(known.PropertyType), at, mistakes);
            }
            else if (known.IsRequired || !known.IsSetNullable)
            {
                mistakes.Add(at, "must not be null.");
            }
        }

        foreach (var missing in type.Properties.Where(p => p.IsRequired && !value.TryGetProperty(p.Name, out _)))
        {
            mistakes.Add(path.Length == 0 ? missing.Name : $"{path}.{missing.Name}", "is required.");
        }
    }

    private static void CheckEntries(JsonElement value, JsonTypeInfo type, string path, Mistakes mistakes)
    {
        var element = type.Options.GetTypeInfo(type.ElementType!);
        foreach (var entry in value.EnumerateObject())
        {
            // Whether a value may be null is the endpoint's to say: nullability of a dictionary's values is not known here.
            if (NameOf(entry, path, mistakes) is { } name && entry.Value.ValueKind != JsonValueKind.Null)
            {
                Check(entry.Value, element, $"{path}.{Bounded(name)}", mistakes);
            }
        }
    }

    private static void CheckValue(JsonElement value, JsonTypeInfo type, string path, Mistakes mistakes)
    {
        try
        {
            if (value.ValueKind == JsonValueKind.String && value.GetString()!.Contains('\0', StringComparison.Ordinal))
            {
                mistakes.Add(path, "contains a NUL character.");
                return;
            }

            value.Deserialize(type);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, written as an escape.
            mistakes.Add(path, "is not valid Unicode text.");
        }
        catch (JsonException)
        {
            mistakes.Add(path, $"must be {Word(type)}.");
        }
    }

    private static string? NameOf(JsonProperty field, string path, Mistakes mistakes)
    {
        try
        {
            if (!field.Name.Contains('\0', StringComparison.Ordinal))
            {
                return field.Name;
            }
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, written as an escape: named below.
        }

        mistakes.Add(path, "has a field whose name is not valid text.");
        return null;
    }

    private static string Bounded(string name) => name.Length <= 100 ? name : name[..100] + "…";

    private static string Word(JsonTypeInfo type)
    {
        var plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        return type.Kind switch
        {
            JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "an object",
            JsonTypeInfoKind.Enumerable => "a list",
            _ when plain == typeof(string) => "a text",
            _ when plain == typeof(bool) => "true or false",
            _ when plain == typeof(DateTimeOffset) => "an instant such as \"2026-01-31T12:00:00Z\"",
            _ when plain == typeof(double) || plain == typeof(decimal) => "a number",
            _ => "a whole number",
        };
    }
}
