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
[JsonSerializable(typeof(Wire.Page<Wire.Provider>))]
[JsonSerializable(typeof(Wire.Provider))]
[JsonSerializable(typeof(Wire.Integration))]
[JsonSerializable(typeof(Wire.NewIntegration))]
[JsonSerializable(typeof(Wire.PatchIntegration))]
[JsonSerializable(typeof(Wire.PauseIntegration))]
[JsonSerializable(typeof(Wire.RecoverIntegration))]
[JsonSerializable(typeof(Wire.IntegrationTest))]
[JsonSerializable(typeof(Wire.Page<Wire.Integration>))]
[JsonSerializable(typeof(Wire.LeverOutcome))]
[JsonSerializable(typeof(Wire.RefreshConnection))]
[JsonSerializable(typeof(Wire.RequireReauthorization))]
[JsonSerializable(typeof(Wire.SimulateFailure))]
[JsonSerializable(typeof(Wire.BatchRequest))]
[JsonSerializable(typeof(Wire.BatchOutcome))]
[JsonSerializable(typeof(Wire.Dependent))]
[JsonSerializable(typeof(Wire.DependentList))]
[JsonSerializable(typeof(Wire.Page<Wire.Dependent>))]
[JsonSerializable(typeof(Wire.PutDependent))]
[JsonSerializable(typeof(Wire.Attempt))]
[JsonSerializable(typeof(Wire.AttemptPage))]
[JsonSerializable(typeof(Wire.AttemptComparison))]
[JsonSerializable(typeof(Wire.Summary))]
[JsonSerializable(typeof(Wire.AlertList))]
[JsonSerializable(typeof(Wire.Capacity))]
[JsonSerializable(typeof(Wire.WorkerList))]
[JsonSerializable(typeof(Wire.LeaseList))]
[JsonSerializable(typeof(Wire.HeartbeatResult))]
[JsonSerializable(typeof(Wire.Page<Wire.Notification>))]
[JsonSerializable(typeof(Wire.Page<Wire.AuditEntry>))]
[JsonSerializable(typeof(Wire.ApiKey))]
[JsonSerializable(typeof(Wire.NewApiKey))]
[JsonSerializable(typeof(Wire.RotateApiKey))]
[JsonSerializable(typeof(Wire.Page<Wire.ApiKey>))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Our answers are never HTML: quotes and plus signs stay readable.</summary>
    public static JsonWriterOptions Writing { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
