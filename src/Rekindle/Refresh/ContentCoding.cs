using System.IO.Compression;

namespace Rekindle.Refresh;

/// <summary>
/// Unpacks an answer's body (RFC 9110 §8.4.1). The handler could do it, but would put a layer around every request, and hardly any token
/// answer comes packed.
/// </summary>
internal static class ContentCoding
{
    /// <summary>What is said of it in a request.</summary>
    public const string Accepted = "gzip, deflate, br";

    /// <summary>A stream that unpacks; null: the body is not packed, or in a way that nobody asked for.</summary>
    /// <param name="coding">The Content-Encoding header; of several codings the last, which was put on last.</param>
    /// <param name="packed">The body as it came.</param>
    public static Stream? Unpack(string? coding, byte[] packed)
    {
        var last = coding.AsSpan()[(coding.AsSpan().LastIndexOf(',') + 1)..].Trim();
        if (last.IsEmpty || packed.Length == 0)
        {
            return null;
        }

        if (last.Equals("gzip", StringComparison.OrdinalIgnoreCase))
        {
            return new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        }

        if (last.Equals("br", StringComparison.OrdinalIgnoreCase))
        {
            return new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
        }

        if (!last.Equals("deflate", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        // Some servers leave out the zlib frame, which begins with the number of the method, 8, in its lower half byte.
        return (packed[0] & 0xf) == 8
            ? new ZLibStream(new MemoryStream(packed), CompressionMode.Decompress)
            : new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
    }
}
