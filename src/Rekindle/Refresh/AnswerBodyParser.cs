using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Rekindle.Refresh;

/// <summary>
/// Finds out what a body is by how it begins, not by its Content-Type: providers mistype them (Mixcloud sends JSON as
/// text/javascript, Deezer a form as text/html).
/// </summary>
internal static class AnswerBodyParser
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        MaxDepth = 32,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    public static (AnswerKind Kind, JsonDocument? Json, string? Text) Parse(ReadOnlyMemory<byte> body, bool truncated)
    {
        if (truncated)
        {
            return (AnswerKind.Truncated, null, null);
        }

        var text = Trim(body);
        if (text.IsEmpty)
        {
            return (AnswerKind.Empty, null, null);
        }

        return text.Span[0] switch
        {
            (byte)'{' or (byte)'[' => ParseJson(text),
            (byte)'<' => (AnswerKind.Markup, null, null),
            _ => ParseText(text),
        };
    }

    private static (AnswerKind Kind, JsonDocument? Json, string? Text) ParseJson(ReadOnlyMemory<byte> text)
    {
        try
        {
            return (AnswerKind.Json, JsonDocument.Parse(AsUtf8(text), Lenient), null);
        }
        catch (JsonException)
        {
            return (AnswerKind.Unreadable, null, null);
        }
    }

    private static (AnswerKind Kind, JsonDocument? Json, string? Text) ParseText(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.IndexOfAnyInRange((byte)0, (byte)8) >= 0)
        {
            return (AnswerKind.Unreadable, null, null);
        }

        return span.Contains((byte)'=') && !span.ContainsAnyInRange((byte)0, (byte)' ') && !span.ContainsAnyInRange((byte)0x7f, (byte)0xff)
            ? (AnswerKind.Form, FormAsJson(Encoding.ASCII.GetString(span)), null)
            : (AnswerKind.Text, null, Encoding.UTF8.GetString(span));
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
