using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Rekindle.AspNetCore.Http;

namespace Rekindle.AspNetCore.OpenApi;

/// <summary>JSON schemas of the wire types, from the contracts that read and write them. Objects become components, once.</summary>
internal sealed class OpenApiSchemas
{
    private readonly WireDocumentation _documentation = WireDocumentation.Load();

    public JsonObject Components { get; } = [];

    /// <summary>The schema of a type, or a reference to it.</summary>
    public JsonNode Of(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        var contract = ApiJson.Default.Options.GetTypeInfo(plain);
        return contract.Kind switch
        {
            JsonTypeInfoKind.Object => Component(contract),
            JsonTypeInfoKind.Dictionary => new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(contract.ElementType!) },
            JsonTypeInfoKind.Enumerable => new JsonObject { ["type"] = "array", ["items"] = Of(contract.ElementType!) },
            _ => Value(plain),
        };
    }

    private JsonObject Component(JsonTypeInfo contract)
    {
        var name = NameOf(contract.Type);
        if (!Components.ContainsKey(name))
        {
            Components[name] = new JsonObject();
            Components[name] = Object(contract);
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    private JsonObject Object(JsonTypeInfo contract)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in contract.Properties)
        {
            var schema = Of(property.PropertyType);
            var about = _documentation.Of(contract.Type, property);
            properties[property.Name] = about is null ? schema
                : schema["$ref"] is null ? Described(schema, about)
                : new JsonObject { ["allOf"] = new JsonArray(schema), ["description"] = about };
            if (property.IsRequired)
            {
                required.Add((JsonNode)property.Name);
            }
        }

        var described = new JsonObject { ["type"] = "object" };
        if (_documentation.Of(contract.Type) is { } text)
        {
            described["description"] = text;
        }

        if (required.Count > 0)
        {
            described["required"] = required;
        }

        described["properties"] = properties;
        return described;
    }

    private static JsonNode Described(JsonNode schema, string text)
    {
        schema["description"] = text;
        return schema;
    }

    private static JsonObject Value(Type type) =>
        type == typeof(string) ? new JsonObject { ["type"] = "string" }
        : type == typeof(bool) ? new JsonObject { ["type"] = "boolean" }
        : type == typeof(DateTimeOffset) ? new JsonObject { ["type"] = "string", ["format"] = "date-time" }
        : type == typeof(DateOnly) ? new JsonObject { ["type"] = "string", ["format"] = "date" }
        : type == typeof(Guid) ? new JsonObject { ["type"] = "string", ["format"] = "uuid" }
        : type == typeof(double) || type == typeof(decimal) ? new JsonObject { ["type"] = "number" }
        : type == typeof(long) ? new JsonObject { ["type"] = "integer", ["format"] = "int64" }
        : type == typeof(int) ? new JsonObject { ["type"] = "integer", ["format"] = "int32" }
        : type == typeof(JsonElement) ? new JsonObject { ["type"] = "object" }
        : throw new InvalidOperationException($"{type.Name} has no schema yet: add it here.");

    private static string NameOf(Type type) =>
        type.IsGenericType ? $"{type.GetGenericArguments()[0].Name}{type.Name.Split('`')[0]}" : type.Name;
}
