using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Rekindle.AspNetCore.OpenApi;

/// <summary>The comments of the wire types, when the compiler's file of them lies beside the program; without it schemas have no descriptions.</summary>
internal sealed partial class WireDocumentation
{
    private readonly Dictionary<string, XElement> _members;

    private WireDocumentation(Dictionary<string, XElement> members) => _members = members;

    public static WireDocumentation Load()
    {
        var path = Path.Combine(AppContext.BaseDirectory, $"{typeof(Wire.Problem).Assembly.GetName().Name}.xml");
        try
        {
            return new(XDocument.Load(path).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value));
        }
        catch (Exception e) when (e is IOException or XmlException)
        {
            return new([]);
        }
    }

    /// <summary>About a type.</summary>
    public string? Of(Type type) => Text(_members.GetValueOrDefault($"T:{NameOf(type)}")?.Element("summary"));

    /// <summary>About one of its properties.</summary>
    public string? Of(Type type, JsonPropertyInfo property)
    {
        if (property.AttributeProvider is not MemberInfo member)
        {
            return null;
        }

        // A property of a positional record is documented as a parameter of its type.
        var declaring = NameOf(member.DeclaringType ?? type);
        return Text(_members.GetValueOrDefault($"P:{declaring}.{member.Name}")?.Element("summary")
            ?? _members.GetValueOrDefault($"T:{declaring}")?.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == member.Name));
    }

    private static string NameOf(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!;

    private static string? Text(XElement? element)
    {
        if (element is null)
        {
            return null;
        }

        var text = string.Concat(element.Nodes().Select(node => node switch
        {
            XText plain => plain.Value,
            XElement { Name.LocalName: "see" } see => Snake((see.Attribute("cref")?.Value ?? "").Split('.')[^1]),
            XElement inner => inner.Value,
            _ => "",
        }));
        return Space().Replace(text, " ").Trim() is { Length: > 0 } line ? line : null;
    }

    private static string Snake(string name) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
