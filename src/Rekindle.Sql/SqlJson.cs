using System.Text.Json;
using System.Text.Json.Serialization;
using Rekindle.Connections;

namespace Rekindle.Sql;

/// <summary>The small lists, maps and policies that are stored as JSON text; the database never looks inside.</summary>
internal static class SqlJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    public static string Of<T>(T value) => JsonSerializer.Serialize(value, Options);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options)
        ?? throw new JsonException($"A stored {typeof(T).Name} is null.");

    // Most connections have neither metadata nor variables: no parsing, no allocation for those.
    public static IReadOnlyList<string> ReadList(string json) => json == "[]" ? [] : Read<string[]>(json);

    public static IReadOnlyDictionary<string, string> ReadMap(string json) =>
        json == "{}" ? Connection.Empty : Read<Dictionary<string, string>>(json);
}
