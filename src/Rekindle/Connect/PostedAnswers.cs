using System.Buffers.Text;
using System.Text.Json;
using Rekindle.Encryption;

namespace Rekindle.Connect;

/// <summary>
/// Carries an answer that came by <c>form_post</c> over to a request of our own site: such a POST comes from the provider's page, so the
/// browser leaves our cookie out of it, and without the cookie nothing may be done. The answer travels sealed in the address of
/// the GET that follows; nothing is stored for whoever posts something.
/// </summary>
public sealed class PostedAnswers(Sealer sealer)
{
    // It stands in a request line, for which servers and proxies allow 8 KB.
    private const int MaxLength = 7 * 1024;

    private readonly Sealer _sealer = sealer ?? throw new ArgumentNullException(nameof(sealer));

    /// <summary>Seals an answer to the callback it came to; null: it is too long to be carried.</summary>
    public string? Seal(string environment, string integration, ConnectAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var text = new Secret(JsonSerializer.Serialize(answer.Values));
        var carried = Base64Url.EncodeToString(_sealer.Seal(text, Context(environment, integration)).Bytes);
        return carried.Length <= MaxLength ? carried : null;
    }

    /// <summary>Opens it again; null: not one of ours, or for another callback.</summary>
    public ConnectAnswer? Open(string environment, string integration, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        var opened = _sealer.Open(new SealedSecret(Base64Url.DecodeFromChars(text)), Context(environment, integration)) as OpenResult.Opened;
        return opened is null ? null : ConnectAnswer.From(JsonSerializer.Deserialize<Dictionary<string, string>>(opened.Value.Reveal())!);
    }

    private static SealContext Context(string environment, string integration) => new(environment, integration, SecretKind.ConnectAnswer);
}
