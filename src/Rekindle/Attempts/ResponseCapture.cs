using System.Text.Json;

namespace Rekindle.Attempts;

/// <summary>An answer as it is recorded: names and shapes are kept, values only from a list (I13).</summary>
public sealed record ResponseCapture
{
    /// <summary>HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>Headers.</summary>
    public IReadOnlyList<CapturedField> Headers { get; init; } = [];

    /// <summary>Content-Type as sent.</summary>
    public string? ContentType { get; init; }

    /// <summary>Bytes read of the body.</summary>
    public int BodyLength { get; init; }

    /// <summary>The body was not read to its end: too long, or broken off.</summary>
    public bool Truncated { get; init; }

    /// <summary>What the body is: empty, json, form, markup, text, unreadable, truncated.</summary>
    public required string BodyKind { get; init; }

    /// <summary>Keyed hash of a body whose fields are not listed.</summary>
    public string? BodyFingerprint { get; init; }

    /// <summary>A plain-text body, scrubbed and bounded; null: there was none, or it came with a success and may be a token.</summary>
    public string? Text { get; init; }

    /// <summary>Fields of the body by path.</summary>
    public IReadOnlyList<CapturedField> Fields { get; init; } = [];

    /// <summary>Fields beyond those listed.</summary>
    public int FieldsOmitted { get; init; }

    /// <summary>As JSON, for the attempt.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CaptureJson.Default.ResponseCapture);
}
