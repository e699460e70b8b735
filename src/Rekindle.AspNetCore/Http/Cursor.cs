using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Rekindle.AspNetCore.Http;

/// <summary>
/// Where a page ended, as a text that callers give back unread. It carries the list it belongs to and a check, so that a
/// cursor that was cut, edited or taken from another list is refused instead of skipping entries.
/// </summary>
internal static class Cursor
{
    private const int CheckLength = 4;
    private const int MaxLength = 400;

    public static string Of(string list, string last)
    {
        var payload = Encoding.UTF8.GetBytes(last);
        return Base64Url.EncodeToString([.. Check(list, payload), .. payload]);
    }

    /// <summary>The cursor parameter of a list.</summary>
    public static QueryParameter<string?> Parameter(string list) => new(
        "cursor", "Where the page before ended: its next_cursor.",
        text => TryRead(list, text) is { } last ? (last, null) : (null, "is not a cursor of this list. Start without one."));

    private static string? TryRead(string list, string text)
    {
        if (text.Length is 0 or > MaxLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        return bytes.Length > CheckLength && Check(list, bytes.AsSpan(CheckLength)).SequenceEqual(bytes.AsSpan(0, CheckLength))
            ? Encoding.UTF8.GetString(bytes, CheckLength, bytes.Length - CheckLength)
            : null;
    }

    private static ReadOnlySpan<byte> Check(string list, ReadOnlySpan<byte> payload) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes(list), 0, .. payload]).AsSpan(0, CheckLength);
}
