using System.Runtime.InteropServices;
using System.Text;
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
    private const int AnyMark = -1;

    private readonly JsonDocument? _json;
    private readonly Member[]? _members;

    private AnswerDocument(AnswerKind kind, JsonDocument? json, string? text)
    {
        Kind = kind;
        _json = json;
        Text = text;
        _members = json is { RootElement: { ValueKind: JsonValueKind.Object } root } ? MembersOf(root) : null;
    }

    public AnswerKind Kind { get; }

    /// <summary>The body is made of named values, or is an empty object or array.</summary>
    public bool HasFields => _json is not null;

    /// <summary>The whole body when it is plain text.</summary>
    public string? Text { get; }

    public static AnswerDocument Parse(ReadOnlyMemory<byte> body, bool truncated)
    {
        var (kind, json, text) = AnswerBodyParser.Parse(body, truncated);
        return new(kind, json, text);
    }

    /// <summary>Every non-empty value at a dotted path; a path through an array means each of its elements.</summary>
    public AnswerValues Find(string path)
    {
        var found = new AnswerValues();
        if (_members is null || path.Length == 0)
        {
            return _json is null ? found : Find(_json.RootElement, path);
        }

        // A dozen paths are looked for in every answer, and most are not there: members whose names cannot be it are passed over unread.
        var name = FirstOf(path);
        var mark = MarkOf(name.Length, name.IsEmpty ? '\0' : name[0]);
        foreach (var (memberMark, member) in _members)
        {
            if ((memberMark == mark || memberMark == AnyMark) && IsNamed(member, name))
            {
                CollectInstead(0, member.Value, RestOf(path), ref found);
            }
        }

        return found;
    }

    /// <summary>As <see cref="Find(string)"/>, from a value inside the body.</summary>
    public static AnswerValues Find(JsonElement from, string path)
    {
        var found = new AnswerValues();
        Collect(from, path, ref found);
        return found;
    }

    /// <summary>First non-empty value at any of the paths.</summary>
    public JsonElement? First(params ReadOnlySpan<string> paths)
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

    /// <summary>First non-empty text at a path; other kinds of value are passed over.</summary>
    public string? FirstText(string path)
    {
        foreach (var element in Find(path))
        {
            if (AnswerValue.Text(element) is { Length: > 0 } text)
            {
                return text;
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

    private static void Collect(JsonElement element, ReadOnlySpan<char> path, ref AnswerValues found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Collect(item, path, ref found);
            }
        }
        else if (path.IsEmpty)
        {
            if (!AnswerValue.IsNothing(element))
            {
                found.Add(element);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            var before = found.Count;
            var name = FirstOf(path);
            foreach (var member in element.EnumerateObject())
            {
                if (IsNamed(member, name))
                {
                    CollectInstead(before, member.Value, RestOf(path), ref found);
                }
            }
        }
    }

    // What a later member of the same name holds takes the place of what the earlier ones held, unless it is nothing.
    private static void CollectInstead(int before, JsonElement value, ReadOnlySpan<char> rest, ref AnswerValues found)
    {
        var soFar = found.Count;
        Collect(value, rest, ref found);
        if (found.Count > soFar)
        {
            found.Remove(before, soFar);
        }
    }

    private static ReadOnlySpan<char> FirstOf(ReadOnlySpan<char> path) => path.IndexOf('.') is var dot and >= 0 ? path[..dot] : path;

    private static ReadOnlySpan<char> RestOf(ReadOnlySpan<char> path) => path.IndexOf('.') is var dot and >= 0 ? path[(dot + 1)..] : [];

    private static Member[] MembersOf(JsonElement root)
    {
        var members = new Member[root.GetPropertyCount()];
        var at = 0;
        foreach (var member in root.EnumerateObject())
        {
            members[at++] = new(MarkOf(JsonMarshal.GetRawUtf8PropertyName(member)), member);
        }

        return members;
    }

    // As written, a name with an escape or beyond ASCII in it has another length than as read: it may be any.
    private static int MarkOf(ReadOnlySpan<byte> name) =>
        name.Contains((byte)'\\') || !Ascii.IsValid(name) ? AnyMark : MarkOf(name.Length, name.IsEmpty ? '\0' : (char)name[0]);

    private static int MarkOf(int length, char first) => length << 16 | first;

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

    /// <summary>A member of the body's object, and the length and first character of its name.</summary>
    private readonly record struct Member(int Mark, JsonProperty Property);
}
