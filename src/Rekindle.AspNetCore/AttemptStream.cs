using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rekindle.AspNetCore.Http;
using Rekindle.Attempts;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>Attempts as server-sent events. Quiet times carry the position too, so that a client that comes back continues from there.</summary>
internal static class AttemptStream
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    public static async Task WriteAsync(HttpResponse response, AttemptTail tail, TailPosition from, AttemptFilter filter, CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream";
        response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await SendAsync(response, $"retry: 1000\nid: {from}\n\n", cancellationToken).ConfigureAwait(false);
            await foreach (var (attempt, position) in tail.FollowAsync(from, filter, Quiet, cancellationToken).ConfigureAwait(false))
            {
                await SendAsync(response, attempt is null ? $"id: {position}\n\n" : Event(attempt, position), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The reader left, or the server stops: the next connection continues where this one ended.
        }
    }

    private static string Event(Attempt attempt, TailPosition position) =>
        $"event: attempt\nid: {position}\ndata: {JsonSerializer.Serialize(AttemptMapping.Of(attempt), ApiJson.Default.Attempt)}\n\n";

    private static async Task SendAsync(HttpResponse response, string text, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
        await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
