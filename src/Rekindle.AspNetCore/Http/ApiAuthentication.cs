using Microsoft.AspNetCore.Http;
using Rekindle.ApiKeys;
using Rekindle.Encryption;

namespace Rekindle.AspNetCore.Http;

/// <summary>Finds out who calls, by the API key in the Authorization header.</summary>
internal sealed class ApiAuthentication(ApiKeyDirectory keys, AuthenticationFailures failures)
{
    private const string Scheme = "Bearer ";

    /// <summary>The caller, or the refusal.</summary>
    public async ValueTask<(Caller? Caller, ApiAnswer? Refusal)> AuthenticateAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization;
        var address = http.Connection.RemoteIpAddress;
        if (header.Count != 1 || header[0] is not { } text || !text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || !ApiKeyFormat.TryParse(text[Scheme.Length..], out _, out var id))
        {
            return Refused(address, header.Count == 0 ? Problems.MissingKey : Problems.InvalidKey);
        }

        // Guessing is hopeless against 256 bits; this keeps those who try anyway from costing a database look-up each.
        if (!keys.IsKnown(id) && failures.WaitOf(address) is { } wait)
        {
            return (null, Problems.TooManyFailures(wait));
        }

        return await keys.FindAsync(text[Scheme.Length..], http.RequestAborted).ConfigureAwait(false) is { } caller
            ? (caller, null)
            : Refused(address, Problems.InvalidKey);
    }

    private (Caller?, ApiAnswer?) Refused(System.Net.IPAddress? address, ApiAnswer refusal)
    {
        if (failures.WaitOf(address) is { } wait)
        {
            return (null, Problems.TooManyFailures(wait));
        }

        failures.Note(address);
        return (null, refusal);
    }
}
