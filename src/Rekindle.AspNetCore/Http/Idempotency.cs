using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.AspNetCore.Http;

/// <summary>
/// Requests with an <c>Idempotency-Key</c> are done once: the answer is kept for 24 hours and given again. Kept sealed, because
/// it may carry a new API key or a link; told apart by a keyed hash, because bodies carry tokens.
/// </summary>
internal sealed class Idempotency(IIdempotencyStore store, Sealer sealer, TimeProvider time, ILogger<Idempotency> logger)
{
    private const int MaxKey = 255;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    // Longer than any request takes, so that a repetition waits rather than hears that nobody knows.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    // The first without wait. The answer is not kept from the client for longer than the last of them.
    private static readonly TimeSpan[] Waits = [TimeSpan.Zero, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500)];

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
        var now = time.GetUtcNow();
        return await store.BeginAsync(owner, key, hash, now, now + Longest, call.Cancelled).ConfigureAwait(false) is { } before
            ? Again(before, hash, Context(call, owner, key))
            : await RunOnceAsync(call, endpoint, owner, key).ConfigureAwait(false);
    }

    private async ValueTask<ApiAnswer> RunOnceAsync(ApiCall call, Func<ApiCall, ValueTask<ApiAnswer>> endpoint, string owner, string key)
    {
        var done = false;
        try
        {
            // To its end, whether or not the client still listens: half of it, repeated, would be done twice.
            call.IgnoreCancellation();
            var answer = await endpoint(call).ConfigureAwait(false);
            done = answer.Status is >= 200 and < 300;
            if (done)
            {
                await KeepAsync(answer, Context(call, owner, key), owner, key).ConfigureAwait(false);
            }

            return answer;
        }
        finally
        {
            if (!done)
            {
                await store.AbandonAsync(owner, key, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    // What was done stays reserved when its answer cannot be kept: told that the outcome is lost, nobody does it twice.
    private async ValueTask KeepAsync(ApiAnswer answer, SealContext context, string owner, string key)
    {
        var text = new Secret($"{answer.Location}\n{Encoding.UTF8.GetString(answer.ToBytes())}");
        var body = Convert.ToBase64String(sealer.Seal(text, context).Bytes);
        foreach (var wait in Waits)
        {
            await Task.Delay(wait, time).ConfigureAwait(false);
            try
            {
                await store.CompleteAsync(owner, key, answer.Status, body, CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (StoreException e)
            {
                logger.AnswerNotKept(e, owner);
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
            return time.GetUtcNow() < before.Deadline
                ? Problems.Busy("request_in_progress", "Request in progress", "The first request with this Idempotency-Key still runs.", TimeSpan.FromSeconds(1))
                : Problems.IdempotencyOutcomeUnknown;
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
