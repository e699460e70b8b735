using System.Text;
using Rekindle.Encryption;
using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>Adds to a request what proves that it comes from the operator's client.</summary>
internal static class ClientAuthenticator
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    public static void Apply(
        RequestDraft draft, ProviderDefinition provider, ClientCredentials client, ClientAuthentication method, DateTimeOffset now)
    {
        if (client.ClientId.Length == 0)
        {
            draft.Refuse(RefreshClass.ClientCredentialsMissing, "The integration has no client id, and configuration names none.");
        }

        switch (method)
        {
            case ClientAuthentication.Post:
                draft.Add("client_id", client.ClientId);
                AddSecret(draft, client, draft.Add);
                break;
            case ClientAuthentication.Query:
                draft.AddToQuery("client_id", client.ClientId);
                AddSecret(draft, client, draft.AddToQuery);
                break;
            case ClientAuthentication.Basic:
                AddBasic(draft, client, FormEncoding.Escape);
                break;
            case ClientAuthentication.BasicUnencoded:
                AddBasic(draft, client, static text => text);
                break;
            case ClientAuthentication.PrivateKeyJwt:
                draft.Add("client_id", client.ClientId);
                draft.Add("client_assertion_type", AssertionType);
                AddAssertion(draft, "client_assertion", provider, client, now);
                break;
            case ClientAuthentication.JwtAsSecret:
                draft.Add("client_id", client.ClientId);
                AddAssertion(draft, "client_secret", provider, client, now);
                break;
            case ClientAuthentication.None:
                draft.Add("client_id", client.ClientId);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(method), method, null);
        }
    }

    private static void AddSecret(RequestDraft draft, ClientCredentials client, Action<string, Secret> add)
    {
        if (UsableSecret(draft, client) is { } secret)
        {
            add("client_secret", secret);
            return;
        }

        draft.AddMissing("client_secret");
    }

    private static void AddBasic(RequestDraft draft, ClientCredentials client, Func<string, string> encode)
    {
        if (UsableSecret(draft, client) is not { } secret)
        {
            draft.AddHeader("Authorization", "Basic <missing>");
            return;
        }

        var pair = $"{encode(client.ClientId)}:{encode(secret.Reveal())}";
        var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));
        draft.Remember(secret);
        draft.Remember(new Secret(credentials));
        draft.AddHeader("Authorization", "Basic " + credentials);
    }

    private static Secret? UsableSecret(RequestDraft draft, ClientCredentials client)
    {
        if (client.ClientSecret is not { } secret)
        {
            draft.Refuse(RefreshClass.ClientCredentialsMissing, "The integration has no client secret, and configuration names none.");
            return null;
        }

        if (CiphertextLookalike.Find(secret) is { } whose)
        {
            draft.Refuse(RefreshClass.DecryptFailed, $"The client secret is ciphertext ({whose}): it was encrypted before it came here.");
            return null;
        }

        return secret;
    }

    private static void AddAssertion(
        RequestDraft draft, string parameter, ProviderDefinition provider, ClientCredentials client, DateTimeOffset now)
    {
        if (client.PrivateKeyPem is null)
        {
            draft.Refuse(RefreshClass.ClientCredentialsMissing, "The integration has no private key to sign with.");
            draft.AddMissing(parameter);
            return;
        }

        var audience = provider.Requests.AssertionAudience ?? draft.Endpoint?.GetLeftPart(UriPartial.Path) ?? "";
        switch (SignedAssertion.Make(client, client.PrivateKeyPem, audience, now))
        {
            case { Token: { } token }:
                draft.Add(parameter, token);
                break;
            case { Problem: var problem }:
                draft.Refuse(RefreshClass.ClientCredentialsMissing, problem!);
                draft.AddMissing(parameter);
                break;
        }
    }
}
