using System.Text.Json;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Attempts;

/// <summary>
/// Says of the token that a refresh presents what can be said without the value: length and fingerprint as stored, and
/// prefix, length and fingerprint as opened and as sent, so that two attempts can be compared stage by stage (D5). A
/// beginning that the provider's tokens do not have is a finding, never a refusal: formats change without notice.
/// </summary>
internal sealed class TokenStages(Fingerprinter fingerprinter)
{
    /// <summary>As JSON: <c>{"stored":{…},"opened":{…},"sent":{…},"finding":"…"}</c>; a stage that was not reached is null.</summary>
    public string Of(OpenedGrant grant, ProviderDefinition provider, bool sent)
    {
        ArgumentNullException.ThrowIfNull(grant);
        ArgumentNullException.ThrowIfNull(provider);
        using var record = RecordJson.Begin();
        var json = record.Writer;
        json.WriteStartObject();
        WriteStored(json, grant.Stored);
        WriteToken(json, "opened", grant.Token);
        WriteToken(json, "sent", sent ? grant.Token : null);
        if (Finding(grant, provider) is { } finding)
        {
            json.WriteString("finding"u8, finding);
        }

        json.WriteEndObject();
        return record.Take();
    }

    private void WriteStored(Utf8JsonWriter json, SealedSecret? stored)
    {
        if (stored is null)
        {
            json.WriteNull("stored"u8);
            return;
        }

        json.WriteStartObject("stored"u8);
        json.WriteNumber("length"u8, stored.Bytes.Length);
        json.WriteString("fingerprint"u8, fingerprinter.Of(stored));
        json.WriteEndObject();
    }

    private void WriteToken(Utf8JsonWriter json, string stage, Secret? token)
    {
        if (token is null)
        {
            json.WriteNull(stage);
            return;
        }

        json.WriteStartObject(stage);
        json.WriteString("prefix"u8, Fingerprinter.MaskedPrefix(token));
        json.WriteNumber("length"u8, token.Length);
        json.WriteString("fingerprint"u8, fingerprinter.Of(token));
        json.WriteEndObject();
    }

    private static string? Finding(OpenedGrant grant, ProviderDefinition provider)
    {
        if (grant.Token is not { } token)
        {
            return null;
        }

        var isRefreshToken = grant.Material.RefreshToken is not null;
        var usual = isRefreshToken ? provider.TokenShape.RefreshTokenPrefixes : provider.TokenShape.AccessTokenPrefixes;
        return usual.Count == 0 || usual.Any(token.StartsWith)
            ? null
            : $"{(isRefreshToken ? "Refresh" : "Access")} tokens of {provider.DisplayName} usually begin with {string.Join(" or ", usual)}; this one does not. "
                + "It was sent all the same. Was another value stored in its place?";
    }
}
