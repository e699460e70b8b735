using System.Security.Cryptography;
using System.Text;
using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.AspNetCore.Http;

/// <summary>
/// Requests with an <c>Idempotency-Key</c> are done once: the answer is kept for 24 hours and given again. Kept sealed, because
/// it may carry a new API key or a link; told apart by a keyed hash, because bodies carry tokens.
/// </summary>
internal sealed class Idempotency(IIdempotencyStore store, Sealer sealer, TimeProvider time)
{
    private const int MaxKey = 255;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    private readonly byte[] _hashKey = sealer.Ring.DeriveKey("idempotency");
    private long _prunedAt;

    /// <summary>Runs the endpoint, or gives the answer that it gave before.</summary>
    public async ValueTask<ApiAnswer> RunAsync(ApiCall call, Func<ApiCall, ValueTask<ApiAnswer>> endpoint)
    {
        var header = call.Http.Request.Headers["Idempotency-Key"];
        if (header.Count == 0)
        {
            return await endpoint(call).ConfigureAwait(false);
        }

        if (header.Count > 1 || header[0] is not { Length: > 0 and <= MaxKey } key || key.Any(c => c is < '!' or > '~'))
        {
            return Problems.Invalid("Idempotency-Key", $"must be one value of 1 to {MaxKey} visible ASCII characters.");
        }

        await PruneAsync(call.Cancelled).ConfigureAwait(false);
        var owner = $"{call.Environment}/{call.Caller.KeyId}";
        var hash = await HashAsync(call).ConfigureAwait(false);
        return await store.BeginAsync(owner, key, hash, time.GetUtcNow(), call.Cancelled).ConfigureAwait(false) is { } before
            ? Again(before, hash, Context(call, owner, key))
            : await RunOnceAsync(call, endpoint, owner, key).ConfigureAwait(false);
    }

    private async ValueTask<ApiAnswer> RunOnceAsync(ApiCall call, Func<ApiCall, ValueTask<ApiAnswer>> endpoint, string owner, string key)
    {
        var kept = false;
        try
        {
            var answer = await endpoint(call).ConfigureAwait(false);
            if (answer.Status is >= 200 and < 300)
            {
                // What was done is done, whether or not the client still listens.
                var text = new Secret($"{answer.Location}\n{Encoding.UTF8.GetString(answer.ToBytes())}");
                var body = Convert.ToBase64String(sealer.Seal(text, Context(call, owner, key)).Bytes);
                await store.CompleteAsync(owner, key, answer.Status, body, CancellationToken.None).ConfigureAwait(false);
                kept = true;
            }

            return answer;
        }
        finally
        {
            if (!kept)
            {
                await store.AbandonAsync(owner, key, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private ApiAnswer Again(IdempotentAnswer before, byte[] hash, SealContext context)
    {
        if (!CryptographicOperations.FixedTimeEquals(before.BodyHash, hash))
        {
            return Problems.IdempotencyKeyReused;
        }

        if (before is not { Status: { } status, Body: { } body })
        {
            return Problems.Busy("request_in_progress", "Request in progress", "The first request with this Idempotency-Key still runs.", TimeSpan.FromSeconds(1));
        }

        if (sealer.Open(new SealedSecret(Convert.FromBase64String(body)), context) is not OpenResult.Opened opened)
        {
            return Problems.IdempotencyAnswerLost;
        }

        var parts = opened.Value.Reveal().Split('\n', 2);
        return ApiAnswer.Again(status, parts[0].Length > 0 ? parts[0] : null, Encoding.UTF8.GetBytes(parts[1]));
    }

    private async ValueTask<byte[]> HashAsync(ApiCall call)
    {
        var request = call.Http.Request;
        var body = await call.RawBodyAsync().ConfigureAwait(false);
        byte[] content = [.. Encoding.UTF8.GetBytes($"{request.Method}\n{request.Path}\n{request.QueryString}\n"), .. body.Bytes.Span];
        return HMACSHA256.HashData(_hashKey, content);
    }

    private static SealContext Context(ApiCall call, string owner, string key) => new(call.Environment, $"{owner}/{key}", SecretKind.IdempotentAnswer);

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        var last = Volatile.Read(ref _prunedAt);
        if ((last == 0 || time.GetElapsedTime(last) >= PruneInterval) && Interlocked.CompareExchange(ref _prunedAt, time.GetTimestamp(), last) == last)
        {
            await store.PruneAsync(time.GetUtcNow() - Kept, cancellationToken).ConfigureAwait(false);
        }
    }
}
