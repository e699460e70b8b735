using System.Buffers.Text;
using System.Text.Json;

namespace Rekindle.Refresh;

/// <summary>
/// The <c>exp</c> claim of a token that happens to be a JWT. Nothing is verified: the token came from the provider
/// itself, and the claim only says when to come back.
/// </summary>
internal static class JwtExpiry
{
    private const int MaxPayload = 64 * 1024;

    public static DateTimeOffset? Read(string token)
    {
        var first = token.IndexOf('.', StringComparison.Ordinal);
        var second = first < 0 ? -1 : token.IndexOf('.', first + 1);
        if (second < 0 || second - first > MaxPayload)
        {
            return null;
        }

        var payload = token.AsSpan(first + 1, second - first - 1);
        if (!Base64Url.IsValid(payload))
        {
            return null;
        }

        using var document = AnswerDocument.Parse(Base64Url.DecodeFromChars(payload), truncated: false);
        return document.Find("exp") is [{ ValueKind: JsonValueKind.Number } exp]
            && AnswerValue.Number(exp) is > 0 and < 1e11 and var seconds
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;
    }
}
