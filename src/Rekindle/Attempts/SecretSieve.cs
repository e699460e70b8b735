using System.Buffers;
using System.Text;

namespace Rekindle.Attempts;

/// <summary>
/// Says of most texts, at the cost of reading them once, that <see cref="SecretScrubber"/> would find nothing in them. A provider's answer is a
/// dozen short words, and rendering every form of every secret in order to look for them there costs more than the exchange itself.
/// </summary>
/// <remarks>
/// It knows which three bytes in a row occur in the secrets (a Bloom filter: it may err towards "perhaps"). A window of
/// <see cref="SecretScrubber.Window"/> characters of any form of a secret shows such triples in a row, however it lies:
/// <list type="bullet">
/// <item>raw: in all of it; URL- or JSON-escaped and without an escape character inside: it begins with at most 5 characters of a cut escape,
/// and 7 raw ones follow, which are 5 triples;</item>
/// <item>hexadecimal: at least 5 whole bytes, 3 triples; in base64, perhaps after 2 characters of a cut escape: at least 6 whole bytes, 4 triples.</item>
/// </list>
/// Texts with escape characters in them are never cleared, nor is anything when a secret is shorter than a window. Where every secret is made of
/// the characters that tokens are made of (RFC 6750), so is every form of it but for the escape characters, and words that are all shorter than a
/// window hold none. A longer word holds none either if no four characters of it at steps of four stand in a secret, seven in a row hold such a
/// four, and if it decodes nowhere to as many such characters in a row. No filter is needed for a sentence, a date, a client's id or an
/// address, so it is made with the first text that leaves a doubt.
/// </remarks>
internal sealed class SecretSieve
{
    private const int RawTriples = 5;
    private const int HexTriples = 3;
    private const int Base64Triples = 4;
    private const int ShortestHex = SecretScrubber.Window;
    private const int ShortestBase64 = SecretScrubber.Window - 2;
    private const int LongestText = 512;

    // Going through the secrets for each step of a longer word costs more than the filter.
    private const int LongestWord = 40;
    private const int Step = 4;
    private const int HashBits = 14;

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");

    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="u8);

    private static readonly SearchValues<char> Escapes = SearchValues.Create("%\\+");

    private readonly IReadOnlyList<string> _secrets;
    private readonly bool _clearsNothing;
    private readonly bool _areTokens = true;
    private ulong[]? _triples;

    public SecretSieve(IReadOnlyList<string> secrets)
    {
        _secrets = secrets;
        foreach (var secret in secrets)
        {
            _clearsNothing |= secret.Length < SecretScrubber.Window;
            _areTokens &= !secret.AsSpan().ContainsAnyExcept(TokenCharacters);
        }
    }

    /// <summary>Whether no form of a secret, nor a part of one, can be in the text.</summary>
    public bool Clears(string text)
    {
        if (_clearsNothing || text.Length > LongestText || text.AsSpan().ContainsAny(Escapes) || !Ascii.IsValid(text))
        {
            return false;
        }

        if (_areTokens && !LeavesDoubt(text))
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[text.Length];
        Encoding.ASCII.GetBytes(text, bytes);
        _triples ??= TriplesOf(_secrets);
        return !HasTriples(bytes, RawTriples) && !HoldsHex(bytes, HasTriples) && !HoldsBase64(bytes, HasTriples);
    }

    // Of secrets that are tokens: whether a word of the text could be a part of one.
    private bool LeavesDoubt(ReadOnlySpan<char> text)
    {
        while (text.Length >= SecretScrubber.Window)
        {
            var end = text.IndexOfAnyExcept(TokenCharacters);
            var word = end < 0 ? text : text[..end];
            if (word.Length > LongestWord || (word.Length >= SecretScrubber.Window && IsDoubtful(word)))
            {
                return true;
            }

            text = end < 0 ? [] : text[(end + 1)..];
        }

        return false;
    }

    private bool IsDoubtful(ReadOnlySpan<char> word)
    {
        for (var at = 0; at + Step <= word.Length; at += Step)
        {
            foreach (var secret in _secrets)
            {
                if (secret.AsSpan().IndexOf(word.Slice(at, Step)) >= 0)
                {
                    return true;
                }
            }
        }

        Span<byte> bytes = stackalloc byte[word.Length];
        Encoding.ASCII.GetBytes(word, bytes);
        return HoldsHex(bytes, HasTokenBytes) || HoldsBase64(bytes, HasTokenBytes);
    }

    private static bool HasTokenBytes(ReadOnlySpan<byte> bytes, int triplesInARow)
    {
        while (bytes.Length >= triplesInARow + 2)
        {
            var end = bytes.IndexOfAnyExcept(TokenBytes);
            if (end < 0 || end >= triplesInARow + 2)
            {
                return true;
            }

            bytes = bytes[(end + 1)..];
        }

        return false;
    }

    private static ulong[] TriplesOf(IReadOnlyList<string> secrets)
    {
        var triples = new ulong[(1 << HashBits) / 64];
        var rented = ArrayPool<byte>.Shared.Rent(secrets.Max(Encoding.UTF8.GetByteCount));
        foreach (var secret in secrets)
        {
            var (length, triple) = (0, 0u);
            foreach (var value in rented.AsSpan(0, Encoding.UTF8.GetBytes(secret, rented)))
            {
                triple = triple >> 8 | (uint)value << 16;
                if (++length < 3)
                {
                    continue;
                }

                // Stored only where it changes something: a long run of one letter would wait for itself.
                var hash = HashOf(triple);
                ref var word = ref triples[hash >> 6];
                var bit = 1UL << (int)hash;
                if ((word & bit) == 0)
                {
                    word |= bit;
                }
            }
        }

        ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        return triples;
    }

    private bool HasTriples(ReadOnlySpan<byte> bytes, int inARow)
    {
        var (length, triple, found) = (0, 0u, 0);
        foreach (var value in bytes)
        {
            triple = triple >> 8 | (uint)value << 16;
            if (++length < 3)
            {
                continue;
            }

            var hash = HashOf(triple);
            found = (_triples![hash >> 6] >> (int)hash & 1) == 0 ? 0 : found + 1;
            if (found == inARow)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HoldsHex(ReadOnlySpan<byte> text, Func<ReadOnlySpan<byte>, int, bool> has)
    {
        Span<byte> decoded = stackalloc byte[text.Length / 2 + 1];
        for (var at = 0; NextRun(text, ref at, static c => char.IsAsciiHexDigit((char)c)) is { Length: > 0 } run;)
        {
            for (var skipped = 0; run.Length >= ShortestHex && skipped < 2; skipped++)
            {
                var length = (run.Length - skipped) / 2;
                Convert.FromHexString(run.Slice(skipped, length * 2), decoded, out _, out _);
                if (has(decoded[..length], HexTriples))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Six bits a character; a byte may begin at any even bit of a run.
    private static bool HoldsBase64(ReadOnlySpan<byte> text, Func<ReadOnlySpan<byte>, int, bool> has)
    {
        Span<byte> decoded = stackalloc byte[text.Length];
        for (var at = 0; NextRun(text, ref at, static c => ValueOf(c) >= 0) is { Length: > 0 } run;)
        {
            for (var skipped = 0; run.Length >= ShortestBase64 && skipped < 8; skipped += 2)
            {
                var (length, bits, have) = (0, 0, -skipped);
                foreach (var character in run)
                {
                    bits = (bits << 6 | ValueOf(character)) & 0x3fff;
                    have += 6;
                    if (have >= 8)
                    {
                        have -= 8;
                        decoded[length++] = (byte)(bits >> have);
                    }
                }

                if (has(decoded[..length], Base64Triples))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // The next run of such characters; empty at the end. What lies between is skipped.
    private static ReadOnlySpan<byte> NextRun(ReadOnlySpan<byte> text, ref int at, Func<byte, bool> belongs)
    {
        while (at < text.Length && !belongs(text[at]))
        {
            at++;
        }

        var from = at;
        while (at < text.Length && belongs(text[at]))
        {
            at++;
        }

        return text[from..at];
    }

    private static int ValueOf(byte character) => character switch
    {
        >= (byte)'A' and <= (byte)'Z' => character - 'A',
        >= (byte)'a' and <= (byte)'z' => character - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => character - '0' + 52,
        (byte)'-' => 62,
        (byte)'/' or (byte)'_' => 63,
        _ => -1,
    };

    private static uint HashOf(uint triple) => triple * 0x9E3779B1u >> (32 - HashBits);
}
