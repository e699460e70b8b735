using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>Step 3: opens what is sealed, and locates what does not open (D6).</summary>
internal sealed class GrantOpener(Sealer sealer)
{
    public OpenedGrant Open(Connection connection, TokenSet tokens, IntegrationEntry entry, OwnerCipher cipher)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(entry);
        var exchangesAccessToken = entry.Provider?.Requests.RefreshKind == RefreshKind.AccessToken;
        var problem = default(string);
        var material = new GrantMaterial
        {
            RefreshToken = exchangesAccessToken ? null : Open(tokens.RefreshToken, SecretKind.RefreshToken),
            AccessToken = exchangesAccessToken ? Open(tokens.AccessToken, SecretKind.AccessToken) : null,
            DecryptFailed = problem is not null,
            ExpiresAt = tokens.ExpiresAt,
            Scopes = tokens.Scopes,
            Variables = entry.Variables(connection),
        };
        var stored = exchangesAccessToken ? tokens.AccessToken : tokens.RefreshToken;
        return new OpenedGrant(material, problem, stored, material.RefreshToken ?? material.AccessToken);

        Secret? Open(SealedSecret? value, SecretKind kind)
        {
            if (value is null)
            {
                return null;
            }

            var result = sealer.Open(value, connection.SealContext(kind, tokens.GrantNo), cipher);
            problem ??= result.Problem is { } what
                ? $"token_sets row of {connection.Id}, {kind switch { SecretKind.RefreshToken => "refresh_token", _ => "access_token" }}: {what}."
                : null;
            return result is OpenResult.Opened opened ? opened.Value : null;
        }
    }
}

/// <summary>Opened material, and what went wrong if something did.</summary>
internal sealed record OpenedGrant(GrantMaterial Material, string? Problem, SealedSecret? Stored, Secret? Token);
