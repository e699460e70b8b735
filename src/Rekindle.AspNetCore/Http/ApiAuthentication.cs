using Microsoft.AspNetCore.Http;
using Rekindle.ApiKeys;
using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.AspNetCore.Http;

/// <summary>Finds out who calls, by the API key in the Authorization header.</summary>
internal sealed class ApiAuthentication(ApiKeyDirectory keys, AuthenticationFailures failures, TimeProvider time)
{
    private const string Scheme = "Bearer ";

    // The directory trusts a key for five seconds: together a revoked one is refused within eight.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(3);

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

    /// <summary>
    /// For answers that last: cancels when the caller's key ends or is revoked, or when nobody can tell any more. Returns when cancelled.
    /// </summary>
    public async Task CancelWhenRefusedAsync(HttpContext http, Caller caller, CancellationTokenSource ends)
    {
        try
        {
            for (var asked = caller; asked is not null;)
            {
                var left = asked.Key.ExpiresAt - time.GetUtcNow();
                await Task.Delay(left < AskAgain ? TimeSpan.FromTicks(Math.Max(left.Value.Ticks, 0)) : AskAgain, time, ends.Token).ConfigureAwait(false);
                asked = await keys.FindAsync(http.Request.Headers.Authorization[0]![Scheme.Length..], ends.Token).ConfigureAwait(false);
            }
        }
        catch (StoreException)
        {
            // The database has been away for longer than tokens are served from memory.
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            return;
        }

        await ends.CancelAsync().ConfigureAwait(false);
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
