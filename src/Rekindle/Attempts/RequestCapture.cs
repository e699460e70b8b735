using System.Text.Json;

namespace Rekindle.Attempts;

/// <summary>A request as it is recorded: names and shapes are kept, values only from a list (I13).</summary>
public sealed record RequestCapture
{
    /// <summary>HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Address without its query; the query's parameters stand in <see cref="Parameters"/>.</summary>
    public required string Url { get; init; }

    /// <summary>Headers.</summary>
    public IReadOnlyList<CapturedField> Headers { get; init; } = [];

    /// <summary>Parameters of query and body.</summary>
    public IReadOnlyList<CapturedField> Parameters { get; init; } = [];

    /// <summary>Media type of the content; null: none.</summary>
    public string? ContentType { get; init; }

    /// <summary>Bytes of the content.</summary>
    public int ContentLength { get; init; }

    /// <summary>Nothing was sent: what is missing stands as a placeholder (D1).</summary>
    public bool Synthetic { get; init; }

    /// <summary>As JSON, for the attempt.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CaptureJson.Default.RequestCapture);
}
