using System.Security.Cryptography;
using System.Text;

namespace Rekindle.Simulator.Tokens;

internal static class Fingerprint
{
    /// <summary>The first 8 bytes of the SHA-256 in hex: enough to compare, nothing to use.</summary>
    public static string Of(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)).AsSpan(0, 8));
}
