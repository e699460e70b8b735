using System.Text.Json.Serialization;

namespace Rekindle.Attempts;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(RequestCapture))]
[JsonSerializable(typeof(ResponseCapture))]
internal sealed partial class CaptureJson : JsonSerializerContext;
