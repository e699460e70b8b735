using System.Diagnostics;

namespace Rekindle.Encryption;

/// <summary>
/// An encrypted value as it is stored: format, key id, nonce, ciphertext, tag (DESIGN §5). It has no way to a
/// request: only <see cref="Secret"/> can be sent, so ciphertext cannot reach a provider by mistake (D4).
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class SealedSecret(byte[] bytes)
{
    /// <summary>The bytes for the database column.</summary>
    public byte[] Bytes { get; } = bytes ?? throw new ArgumentNullException(nameof(bytes));

    /// <summary>A redaction: never the bytes.</summary>
    public override string ToString() => $"<sealed:{Bytes.Length}>";
}
