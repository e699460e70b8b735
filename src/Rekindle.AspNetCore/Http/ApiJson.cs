using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rekindle.AspNetCore.Http;

/// <summary>The wire types as this server writes and reads them: snake_case, absent instead of null, unknown fields refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Wire.Problem))]
[JsonSerializable(typeof(Wire.Token))]
[JsonSerializable(typeof(Wire.TokenRejection))]
[JsonSerializable(typeof(Wire.Connection))]
[JsonSerializable(typeof(Wire.ImportConnection))]
[JsonSerializable(typeof(Wire.PatchConnection))]
[JsonSerializable(typeof(Wire.Page<Wire.Connection>))]
[JsonSerializable(typeof(Wire.Health))]
[JsonSerializable(typeof(Wire.CreateConnectSession))]
[JsonSerializable(typeof(Wire.CreateReconnectLink))]
[JsonSerializable(typeof(Wire.CompleteConnectSession))]
[JsonSerializable(typeof(Wire.ConnectSession))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Our answers are never HTML: quotes and plus signs stay readable.</summary>
    public static JsonWriterOptions Writing { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
