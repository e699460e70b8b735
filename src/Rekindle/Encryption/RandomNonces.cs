using System.Security.Cryptography;

namespace Rekindle.Encryption;

/// <summary>
/// Random nonces from the system's generator, fetched many at a time: asking it costs as much as sealing a token. Every byte is handed out
/// once in the life of a process; two copies of one machine's memory would hand out the next sixty-four alike.
/// </summary>
internal static class RandomNonces
{
    private const int Fetched = 768;

    [ThreadStatic]
    private static byte[]? _bytes;

    [ThreadStatic]
    private static int _left;

    public static void Fill(Span<byte> nonce)
    {
        var bytes = _bytes ??= new byte[Fetched];
        if (_left < nonce.Length)
        {
            RandomNumberGenerator.Fill(bytes);
            _left = Fetched;
        }

        bytes.AsSpan(_left - nonce.Length, nonce.Length).CopyTo(nonce);
        _left -= nonce.Length;
    }
}
