using System.Security.Cryptography;
using System.Text;
using Rekindle.Attempts;
using Rekindle.Encryption;
using Rekindle.Providers;

namespace Rekindle.Connect;

/// <summary>What can be said of an answer before its code is used: who sent it, and whether it is a refusal.</summary>
internal static class CallbackChecks
{
    private const int MaxCode = 64;
    private const int MaxText = 200;

    private static readonly HashSet<string> SaidNo = new(StringComparer.OrdinalIgnoreCase)
    {
        "access_denied", "user_cancelled_login", "user_cancelled_authorize", "user_denied", "authorization_declined", "consent_declined",
    };

    private static readonly HashSet<string> OurFault = new(StringComparer.OrdinalIgnoreCase)
    {
        "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope", "invalid_client", "redirect_uri_mismatch",
        "invalid_redirect_uri", "invalid_client_id", "application_suspended", "unsupported_response_mode",
    };

    /// <summary>Parameters that say something about the refusal; the others may be secrets.</summary>
    private static readonly HashSet<string> Words = new(StringComparer.Ordinal) { "error", "error_description", "error_reason", "error_uri", "iss" };

    private static readonly HashSet<string> InTrouble = new(StringComparer.OrdinalIgnoreCase) { "server_error", "temporarily_unavailable" };

    /// <summary>The first problem; null: there is a code to exchange.</summary>
    /// <param name="entry">Integration that the sign-in was begun for.</param>
    /// <param name="answer">What came.</param>
    /// <param name="variables">Values of the URL variables as they were when the browser was sent away.</param>
    public static ConnectError? Check(IntegrationEntry entry, ConnectAnswer answer, IReadOnlyDictionary<string, string> variables) =>
        CheckIssuer(entry, answer, variables)
        ?? CheckSignature(entry, answer, variables)
        ?? CheckRefusal(entry, answer)
        ?? (answer.Code is null ? ConnectErrors.Malformed("The answer holds neither a code nor an error.") : null);

    /// <summary>RFC 9207: an answer of another authorization server must not bring its code to this one (mix-up).</summary>
    private static ConnectError? CheckIssuer(IntegrationEntry entry, ConnectAnswer answer, IReadOnlyDictionary<string, string> variables)
    {
        if (entry.Provider!.IssuerFor(variables) is not { } issuer)
        {
            return null;
        }

        if (answer.Issuer is null)
        {
            return entry.Provider.Requests.CallbackIssuer ? ConnectErrors.Forged(entry, "The answer does not name its issuer (iss).") : null;
        }

        return IdTokenClaims.SameIssuer(issuer, answer.Issuer) ? null : ConnectErrors.Forged(entry, "The answer names another issuer (iss).");
    }

    /// <summary>Shopify signs the query with the client secret, and says which shop it speaks for.</summary>
    private static ConnectError? CheckSignature(IntegrationEntry entry, ConnectAnswer answer, IReadOnlyDictionary<string, string> variables)
    {
        if (!entry.Provider!.Requests.CallbackHmac)
        {
            return null;
        }

        if (entry.Credentials.ClientSecret is not { } secret)
        {
            return ConnectErrors.Misconfigured(entry.Provider.DisplayName, "The integration has no client secret to check the answer's hmac with.");
        }

        var signed = string.Join('&', answer.Values.Where(pair => pair.Key is not ("hmac" or "signature"))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret.Reveal()), Encoding.UTF8.GetBytes(signed));
        var given = Encoding.ASCII.GetBytes(answer["hmac"]?.ToLowerInvariant() ?? "");
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(expected)), given))
        {
            return ConnectErrors.Forged(entry, "The answer's hmac is missing or does not fit.");
        }

        return entry.Provider.Variables.Any(variable => SpeaksForAnother(entry.Provider, variable, answer, variables))
            ? ConnectErrors.Forged(entry, "The answer speaks for another place than the one that was asked.")
            : null;
    }

    /// <summary>A signed parameter with a variable's name must be that variable's value, or the host that it stands in.</summary>
    private static bool SpeaksForAnother(
        ProviderDefinition provider, ProviderVariable variable, ConnectAnswer answer, IReadOnlyDictionary<string, string> variables)
    {
        if (variable.Source is not (VariableSource.Connection or VariableSource.Integration) || answer[variable.Name] is not { } given
            || !variable.TryResolve(variables.GetValueOrDefault(variable.Name), out var asked, out _))
        {
            return false;
        }

        var host = provider.Endpoints.Token is { } token && UrlTemplate.Expand(token, provider, variables) is UrlExpansion.Expanded(var url) ? url.Host : null;
        return !given.Equals(asked, StringComparison.OrdinalIgnoreCase) && !given.Equals(host, StringComparison.OrdinalIgnoreCase);
    }

    private static ConnectError? CheckRefusal(IntegrationEntry entry, ConnectAnswer answer)
    {
        if (answer.Error is not { } error)
        {
            return null;
        }

        var detail = Describe(answer, error);
        return error switch
        {
            _ when SaidNo.Contains(error) || SaidNo.Contains(answer["error_reason"] ?? "") => ConnectErrors.Denied(entry) with { Detail = detail },
            _ when OurFault.Contains(error) => ConnectErrors.Misconfigured(entry.Provider!.DisplayName, detail),
            _ when InTrouble.Contains(error) => ConnectErrors.Unreachable(entry, detail),
            _ => ConnectErrors.Refused(entry, detail),
        };
    }

    private static string Describe(ConnectAnswer answer, string error)
    {
        // Whatever else came along: the state, a code, a token.
        var scrubber = new SecretScrubber(answer.Values.Where(pair => !Words.Contains(pair.Key)).Select(pair => Secret.OrNull(pair.Value)));
        var code = ProviderText.Clean(error, scrubber, MaxCode) ?? "error";
        return ProviderText.Clean(answer["error_description"], scrubber, MaxText) is { } text ? $"{code}: {text}" : code;
    }
}
