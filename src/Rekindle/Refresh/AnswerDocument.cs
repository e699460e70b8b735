using System.Text.Json;

namespace Rekindle.Refresh;

/// <summary>
/// A body as a tree of values; JSON and form bodies look the same from here.
/// </summary>
/// <remarks>
/// Of several members with the same name the last non-empty one counts: the last as in most parsers, but a null never
/// hides a token, nor an error, that stands beside it.
/// </remarks>
internal sealed class AnswerDocument : IDisposable
{
    private readonly JsonDocument? _json;

    private AnswerDocument(AnswerKind kind, JsonDocument? json, string? text)
    {
        Kind = kind;
        _json = json;
        Text = text;
    }

    public AnswerKind Kind { get; }

    /// <summary>The whole body when it is plain text.</summary>
    public string? Text { get; }

    public static AnswerDocument Parse(ReadOnlyMemory<byte> body, bool truncated)
    {
        var (kind, json, text) = AnswerBodyParser.Parse(body, truncated);
        return new(kind, json, text);
    }

    /// <summary>Every non-empty value at a dotted path; a path through an array means each of its elements.</summary>
    public IReadOnlyList<JsonElement> Find(string path) => _json is null ? [] : Find(_json.RootElement, path);

    /// <summary>As <see cref="Find(string)"/>, from a value inside the body.</summary>
    public static IReadOnlyList<JsonElement> Find(JsonElement from, string path)
    {
        // Made with the first value: most paths that are looked for are not there.
        List<JsonElement>? found = null;
        Collect(from, path, ref found);
        return found is null ? [] : found;
    }

    /// <summary>First non-empty value at any of the paths.</summary>
    public JsonElement? First(IReadOnlyList<string> paths)
    {
        foreach (var path in paths)
        {
            if (Find(path) is [var first, ..])
            {
                return first;
            }
        }

        return null;
    }

    /// <summary>First non-empty text at any of the paths; other kinds of value are passed over.</summary>
    public string? FirstText(params IReadOnlyList<string> paths)
    {
        foreach (var path in paths)
        {
            foreach (var element in Find(path))
            {
                if (AnswerValue.Text(element) is { Length: > 0 } text)
                {
                    return text;
                }
            }
        }

        return null;
    }

    /// <summary>Hands out every leaf, and every empty array and object, with its dotted path; elements of an array share the array's path.</summary>
    public void Visit(Action<string, JsonElement> visit)
    {
        if (_json is not null)
        {
            Visit("", _json.RootElement, visit);
        }
    }

    public void Dispose() => _json?.Dispose();

    private static void Visit(string path, JsonElement element, Action<string, JsonElement> visit)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when element.GetPropertyCount() > 0:
                foreach (var member in element.EnumerateObject())
                {
                    Visit(path.Length == 0 ? NameOf(member) : $"{path}.{NameOf(member)}", member.Value, visit);
                }

                break;
            case JsonValueKind.Array when element.GetArrayLength() > 0:
                foreach (var item in element.EnumerateArray())
                {
                    Visit(path, item, visit);
                }

                break;
            default:
                visit(path, element);
                break;
        }
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return "?";
        }
    }

    private static void Collect(JsonElement element, ReadOnlySpan<char> path, ref List<JsonElement>? found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Collect(item, path, ref found);
            }

            return;
        }

        if (path.IsEmpty)
        {
            if (!AnswerValue.IsNothing(element))
            {
                (found ??= []).Add(element);
            }

            return;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var dot = path.IndexOf('.');
        CollectMember(element, dot < 0 ? path : path[..dot], dot < 0 ? [] : path[(dot + 1)..], ref found);
    }

    private static void CollectMember(JsonElement parent, ReadOnlySpan<char> name, ReadOnlySpan<char> rest, ref List<JsonElement>? found)
    {
        var before = found?.Count ?? 0;
        foreach (var member in parent.EnumerateObject())
        {
            if (!IsNamed(member, name))
            {
                continue;
            }

            var soFar = found?.Count ?? 0;
            Collect(member.Value, rest, ref found);
            if (found is not null && found.Count > soFar)
            {
                found.RemoveRange(before, soFar - before);
            }
        }
    }

    private static bool IsNamed(JsonProperty member, ReadOnlySpan<char> name)
    {
        try
        {
            return member.NameEquals(name);
        }
        catch (InvalidOperationException)
        {
            // A name with half a surrogate pair in it has no text to compare.
            return false;
        }
    }
}
