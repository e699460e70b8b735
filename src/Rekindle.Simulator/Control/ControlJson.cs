using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rekindle.Simulator.Control;

/// <summary>How the control API writes things: snake_case names and values, durations as <c>hh:mm:ss</c>.</summary>
internal static class ControlJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The same value with some settings changed; objects are merged, everything else is replaced.</summary>
    public static T Merge<T>(T onto, JsonObject changes)
    {
        var merged = JsonSerializer.SerializeToNode(onto, Options)!.AsObject();
        Merge(merged, changes);
        return merged.Deserialize<T>(Options)!;
    }

    private static void Merge(JsonObject onto, JsonObject changes)
    {
        foreach (var (name, value) in changes)
        {
            if (value is JsonObject inner && onto[name] is JsonObject existing)
            {
                Merge(existing, inner);
            }
            else
            {
                onto[name] = value?.DeepClone();
            }
        }
    }
}
