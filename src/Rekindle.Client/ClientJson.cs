using System.Text.Json.Serialization;

namespace Rekindle.Client;

/// <summary>The wire types as this client reads and writes them: fields it does not know are left alone, so that a newer server does no harm.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Token))]
[JsonSerializable(typeof(TokenRejection))]
[JsonSerializable(typeof(Connection))]
[JsonSerializable(typeof(Page<Connection>))]
[JsonSerializable(typeof(ImportConnection))]
[JsonSerializable(typeof(Integration))]
[JsonSerializable(typeof(NewIntegration))]
internal sealed partial class ClientJson : JsonSerializerContext;
