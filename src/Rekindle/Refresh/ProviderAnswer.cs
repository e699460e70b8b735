namespace Rekindle.Refresh;

/// <summary>An HTTP answer as it came, bounded. It may hold tokens: it is never logged, only captured in redacted form.</summary>
public sealed class ProviderAnswer
{
    /// <summary>Longest body that is read; what lies beyond is left on the wire.</summary>
    public const int MaxBodyBytes = 1 << 20;

    /// <summary>HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>Headers in order, several values of one name apart.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The Content-Type header as sent; null: none.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body, decompressed, at most <see cref="MaxBodyBytes"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body is not whole: too long, or broken off.</summary>
    public bool Truncated { get; init; }

    /// <summary>Whether the status is 2xx.</summary>
    public bool IsSuccessStatus => Status is >= 200 and < 300;

    /// <summary>First value of a header; null: none.</summary>
    public string? Header(string name)
    {
        foreach (var header in Headers)
        {
            if (string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase))
            {
                return header.Value;
            }
        }

        return null;
    }

    /// <summary>A redaction: status and length. The type is the provider's text as well.</summary>
    public override string ToString() => $"{Status}, {Body.Length} bytes";
}
