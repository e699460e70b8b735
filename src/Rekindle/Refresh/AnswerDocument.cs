using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Rekindle.Refresh;

/// <summary>What an answer's body turned out to be, whatever its Content-Type claims.</summary>
public enum AnswerKind
{
    /// <summary>Nothing, or white space.</summary>
    Empty,

    /// <summary>A JSON object or array.</summary>
    Json,

    /// <summary>name=value pairs.</summary>
    Form,

    /// <summary>HTML or XML.</summary>
    Markup,

    /// <summary>Plain text.</summary>
    Text,

    /// <summary>None of these: binary, or damaged JSON.</summary>
    Unreadable,

    /// <summary>Not whole, so nothing in it is believed.</summary>
    Truncated,
}

/// <summary>
/// A body as a tree of values. JSON and form bodies look the same from here; they are told apart by how they begin,
/// because providers mistype them (Mixcloud: JSON as text/javascript, Deezer: a form as text/html).
/// </summary>
/// <remarks>
/// Of several members with the same name the last non-empty one counts: the last as in most parsers, but a null never
/// hides a token, nor an error, that stands beside it.
/// </remarks>
internal sealed class AnswerDocument : IDisposable
{
    private const int MaxDepth = 32;
    private static readonly JsonDocumentOptions Lenient = new()
    {
        MaxDepth = MaxDepth,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    private readonly JsonDocument? _json;

    private AnswerDocument(AnswerKind kind, JsonDocument? json, string? text = null)
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
        if (truncated)
        {
            return new(AnswerKind.Truncated, null);
        }

        var text = Trim(body);
        if (text.IsEmpty)
        {
            return new(AnswerKind.Empty, null);
        }

        return text.Span[0] switch
        {
            (byte)'{' or (byte)'[' => ParseJson(text),
            (byte)'<' => new(AnswerKind.Markup, null),
            _ => ParseText(text),
        };
    }

    /// <summary>Every non-empty value at a dotted path; a path through an array means each of its elements.</summary>
    public List<JsonElement> Find(string path) => _json is null ? [] : Find(_json.RootElement, path);

    /// <summary>As <see cref="Find(string)"/>, from a value inside the body.</summary>
    public static List<JsonElement> Find(JsonElement from, string path)
    {
        var found = new List<JsonElement>();
        Collect(from, path, found);
        return found;
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

    public void Dispose() => _json?.Dispose();

    private static void Collect(JsonElement element, ReadOnlySpan<char> path, List<JsonElement> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Collect(item, path, found);
            }

            return;
        }

        if (path.IsEmpty)
        {
            if (!AnswerValue.IsNothing(element))
            {
                found.Add(element);
            }

            return;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var dot = path.IndexOf('.');
        CollectMember(element, dot < 0 ? path : path[..dot], dot < 0 ? [] : path[(dot + 1)..], found);
    }

    private static void CollectMember(JsonElement parent, ReadOnlySpan<char> name, ReadOnlySpan<char> rest, List<JsonElement> found)
    {
        var before = found.Count;
        foreach (var member in parent.EnumerateObject())
        {
            if (!IsNamed(member, name))
            {
                continue;
            }

            var soFar = found.Count;
            Collect(member.Value, rest, found);
            if (found.Count > soFar)
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

    private static AnswerDocument ParseJson(ReadOnlyMemory<byte> text)
    {
        try
        {
            return new(AnswerKind.Json, JsonDocument.Parse(AsUtf8(text), Lenient));
        }
        catch (JsonException)
        {
            return new(AnswerKind.Unreadable, null);
        }
    }

    private static AnswerDocument ParseText(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.IndexOfAnyInRange((byte)0, (byte)8) >= 0)
        {
            return new(AnswerKind.Unreadable, null);
        }

        return span.Contains((byte)'=') && !span.ContainsAnyInRange((byte)0, (byte)' ') && !span.ContainsAnyInRange((byte)0x7f, (byte)0xff)
            ? new(AnswerKind.Form, FormAsJson(Encoding.ASCII.GetString(span)))
            : new(AnswerKind.Text, null, Encoding.UTF8.GetString(span));
    }

    private static JsonDocument FormAsJson(string form)
    {
        var output = new ArrayBufferWriter<byte>(form.Length + 64);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            foreach (var range in form.AsSpan().Split('&'))
            {
                var pair = form.AsSpan()[range];
                var equals = pair.IndexOf('=');
                if (equals > 0)
                {
                    json.WriteString(Unescape(pair[..equals]), Unescape(pair[(equals + 1)..]));
                }
            }

            json.WriteEndObject();
        }

        return JsonDocument.Parse(output.WrittenMemory);
    }

    private static string Unescape(ReadOnlySpan<char> text) => WebUtility.UrlDecode(text.ToString());

    /// <summary>Old servers put Latin-1 into their error texts; tokens are ASCII and survive either reading.</summary>
    private static ReadOnlyMemory<byte> AsUtf8(ReadOnlyMemory<byte> text) =>
        Utf8.IsValid(text.Span) ? text : Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(text.Span));

    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> body)
    {
        var span = body.Span;
        var start = span.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        var end = span.Length;
        while (start < end && IsSpace(span[start]))
        {
            start++;
        }

        while (end > start && IsSpace(span[end - 1]))
        {
            end--;
        }

        return body[start..end];
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
