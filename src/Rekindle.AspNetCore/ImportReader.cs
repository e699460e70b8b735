using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Encryption;

namespace Rekindle.AspNetCore;

/// <summary>From the body of an import to a grant; what is wrong goes to the call's mistakes.</summary>
internal static class ImportReader
{
    private const long LongestLife = 10L * 365 * 86_400;

    public static ImportedGrant Read(Wire.ImportConnection body, ApiCall call, DateTimeOffset now)
    {
        var mistakes = call.Mistakes;
        CheckTexts(body, mistakes);
        var scopes = body.Scope?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return new ImportedGrant
        {
            Actor = call.Actor,
            Key = new ConnectionKey(
                call.Environment, body.Integration, body.Tenant ?? "", body.Subject, body.Purpose is { Length: > 0 } purpose ? purpose : ConnectionKey.DefaultPurpose,
                body.Account ?? ""),
            AccessToken = Secret.OrNull(body.AccessToken),
            RefreshToken = Secret.OrNull(body.RefreshToken),
            ExpiresAt = ExpiryOf(body, mistakes, now),
            RefreshTokenExpiresAt = body.RefreshTokenExpiresAt?.ToUniversalTime(),
            GrantedAt = body.GrantedAt?.ToUniversalTime(),
            Scopes = scopes,
            TokenType = body.TokenType is { Length: > 0 } type ? type : "Bearer",
            ProviderAccountId = NullIfEmpty(body.ProviderAccountId),
            ProviderAccountName = NullIfEmpty(body.ProviderAccountName),
            Label = body.Label,
            Metadata = body.Metadata,
            Variables = body.Variables ?? Connection.Empty,
            Replace = body.Replace,
            Standby = body.Standby,
        };
    }

    private static void CheckTexts(Wire.ImportConnection body, Mistakes mistakes)
    {
        TextRules.Check("access_token", body.AccessToken, TextRules.MaxToken, mistakes);
        TextRules.Check("refresh_token", body.RefreshToken, TextRules.MaxToken, mistakes);
        TextRules.Check("scope", body.Scope, TextRules.MaxToken, mistakes);
        TextRules.Check("token_type", body.TokenType, TextRules.MaxName, mistakes);
        TextRules.Check("provider_account_id", body.ProviderAccountId, TextRules.MaxLabel, mistakes);
        TextRules.Check("provider_account_name", body.ProviderAccountName, TextRules.MaxLabel, mistakes);
        TextRules.Check("label", body.Label, TextRules.MaxLabel, mistakes);
        TextRules.CheckMap("metadata", body.Metadata!, mistakes);
        TextRules.CheckMap("variables", body.Variables!, mistakes);
    }

    private static DateTimeOffset? ExpiryOf(Wire.ImportConnection body, Mistakes mistakes, DateTimeOffset now)
    {
        if (body is { ExpiresAt: not null, ExpiresIn: not null })
        {
            mistakes.Add("expires_in", "goes without expires_at: give one of them.");
        }

        if (body.ExpiresIn is < 0 or > LongestLife)
        {
            mistakes.Add("expires_in", $"must be from 0 to {LongestLife}.");
            return null;
        }

        return body.ExpiresAt?.ToUniversalTime() ?? (body.ExpiresIn is { } seconds ? now.AddSeconds(seconds) : null);
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
