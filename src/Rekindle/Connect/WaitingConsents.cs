using System.Text.Json;
using System.Text.Json.Serialization;
using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>
/// Consents that wait in their session until the operator's backend completes them. A connection that is there goes on with the grant
/// it has meanwhile: whoever signs in and closes the tab, or is not the person that the backend expects, takes nothing from it
/// (I9, I11).
/// </summary>
internal sealed class WaitingConsents(Sealer sealer)
{
    private static readonly JsonSerializerOptions Options = new() { Converters = { new RevealedSecret() } };

    public SealedSecret Seal(ConnectSession session, Consent consent) =>
        sealer.Seal(new Secret(JsonSerializer.Serialize(consent, Options)), Context(session));

    /// <summary>The consent that waits in a session; null: none, or the key ring has lost its key.</summary>
    public Consent? Open(ConnectSession session) =>
        session.WaitingConsent is { } waiting && sealer.Open(waiting, Context(session)) is OpenResult.Opened(var opened)
            ? JsonSerializer.Deserialize<Consent>(opened.Reveal(), Options)
            : null;

    private static SealContext Context(ConnectSession session) => new(session.Environment, session.Id, SecretKind.WaitingConsent);

    // Everywhere else a secret that is turned into JSON is a redaction; this JSON is sealed at once.
    private sealed class RevealedSecret : JsonConverter<Secret>
    {
        public override Secret? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Secret.OrNull(reader.GetString());

        public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) => writer.WriteStringValue(value.Reveal());
    }
}
