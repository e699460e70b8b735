using Microsoft.Extensions.Hosting;
using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Attempts;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>The one terminal (D2): the attempt log by filters, one attempt, two side by side, and live.</summary>
internal sealed class AttemptEndpoints(
    IAttemptStore attempts, AttemptTerminal terminal, AttemptTail tail, ApiAuthentication authentication, IHostApplicationLifetime lifetime)
    : IApiEndpoints<AttemptEndpoints>
{
    private const string List = "attempts";

    private static readonly QueryParameter<string?> After = Cursor.Parameter(List);
    private static readonly QueryParameter<TailPosition?> From = new(
        "from", "Where to begin: the tail of a page, or the id of an event; default: now.",
        static text => TailPosition.TryParse(text) is { } position ? (position, null) : (null, "is neither a page's tail nor an event's id."));

    private static readonly QueryParameter<Guid?> With = new(
        "with", "Id of the other attempt.", static text => Guid.TryParse(text, out var id) ? (id, null) : (null, "is not an attempt's id."))
    { Required = true };

    private readonly AttemptStreamPlaces _places = new();

    public static void Map(ApiRoutes<AttemptEndpoints> routes)
    {
        routes.Get(
            "/v1/attempts",
            new("list_attempts", "The attempt log, newest first")
            {
                Description = "Says how many of how many it shows, what each filter hides, how old the newest attempt is, and warns when silence means trouble.",
                Scope = ApiScopes.AttemptsRead,
                Query = [.. AttemptQuery.Parameters, CommonQuery.Limit, After],
                Answer = typeof(Wire.AttemptPage),
            },
            static (e, call) => e.ListAsync(call));
        routes.Get(
            "/v1/attempts/stream",
            new("stream_attempts", "The attempt log as it grows")
            {
                Description = "Server-sent events named attempt, without gaps: a client that comes back with Last-Event-ID misses nothing. It ends with the API key.",
                Scope = ApiScopes.AttemptsRead,
                Query = [.. AttemptQuery.Parameters, From],
                Headers = new Dictionary<string, string> { ["Last-Event-ID"] = "Id of the last event that was read: the stream goes on after it. Goes before from." },
                AnswerType = "text/event-stream",
            },
            static (e, call) => e.StreamAsync(call));
        routes.Get(
            "/v1/attempts/{id}",
            new("get_attempt", "One attempt") { Scope = ApiScopes.AttemptsRead, Answer = typeof(Wire.Attempt), Problems = [404] },
            static (e, call) => e.GetAsync(call));
        routes.Get(
            "/v1/attempts/{id}/compare",
            new("compare_attempts", "Two attempts side by side: same or different at each stage, without seeing a token")
            {
                Scope = ApiScopes.AttemptsRead,
                Query = [With],
                Answer = typeof(Wire.AttemptComparison),
                Problems = [404],
            },
            static (e, call) => e.CompareAsync(call));
    }

    private async ValueTask<ApiAnswer> ListAsync(ApiCall call)
    {
        var filter = AttemptQuery.Read(call);
        var limit = call.Get(CommonQuery.Limit) ?? CommonQuery.DefaultLimit;
        var before = call.Get(After) is { } after && Guid.TryParse(after, out var id) ? id : (Guid?)null;
        if (call.Failed)
        {
            return call.Failure();
        }

        // Before the page is read: what comes meanwhile is in the page, in the stream, or in both, never in neither.
        var end = await tail.NowAsync(call.Cancelled).ConfigureAwait(false);
        var page = await terminal.ReadAsync(filter, AttemptQuery.ReachOf(call), before, limit, call.Cancelled).ConfigureAwait(false);
        return ApiAnswer.Ok(new Wire.AttemptPage
        {
            Items = [.. page.Items.Select(AttemptMapping.Of)],
            NextCursor = page.HasMore ? Cursor.Of(List, page.Items[^1].Id.ToString()) : null,
            Tail = end.ToString(),
            Showing = page.Items.Count,
            Matching = page.Matching,
            Total = page.Total,
            CountedTo = AttemptTerminal.CountCeiling,
            Filters = [.. page.Hidden.Select(h => new Wire.HiddenAttempts(h.Filter, h.Value, h.Hides))],
            NewestAt = page.NewestAt,
            NewestAgeSeconds = page.NewestAge is { } age ? (long)age.TotalSeconds : null,
            Warning = page.Warning,
        });
    }

    private async ValueTask<ApiAnswer> GetAsync(ApiCall call) =>
        await FindAsync(call, Guid.TryParse(call.Route("id"), out var id) ? id : null).ConfigureAwait(false) is { } attempt
            ? ApiAnswer.Ok(AttemptMapping.Of(attempt))
            : Unknown();

    private async ValueTask<ApiAnswer> CompareAsync(ApiCall call)
    {
        var with = call.Get(With);
        if (call.Failed)
        {
            return call.Failure();
        }

        var a = await FindAsync(call, Guid.TryParse(call.Route("id"), out var id) ? id : null).ConfigureAwait(false);
        var b = await FindAsync(call, with).ConfigureAwait(false);
        return a is null || b is null ? Unknown() : ApiAnswer.Ok(AttemptMapping.Compare(a, b));
    }

    private async ValueTask<ApiAnswer> StreamAsync(ApiCall call)
    {
        var filter = AttemptQuery.Read(call);
        var from = call.Get(From);
        var header = call.Http.Request.Headers["Last-Event-ID"];
        if (header.Count > 0 && (from = TailPosition.TryParse(header[0])) is null)
        {
            call.Mistakes.Add("Last-Event-ID", "is not the id of an event of this stream.");
        }

        if (call.Failed)
        {
            return call.Failure();
        }

        using var place = _places.Take(call.Caller.KeyId, out var problem);
        if (place is null)
        {
            return Problems.Busy("too_many_streams", "Too many streams", problem, TimeSpan.FromSeconds(10));
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(call.Cancelled, lifetime.ApplicationStopping);
        var watching = authentication.CancelWhenRefusedAsync(call.Http, call.Caller, ends);
        try
        {
            from ??= await tail.NowAsync(ends.Token).ConfigureAwait(false);
            await AttemptStream.WriteAsync(call.Http.Response, tail, from, filter, ends.Token).ConfigureAwait(false);
            return ApiAnswer.Written;
        }
        finally
        {
            await ends.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
        }
    }

    private async Task<Attempt?> FindAsync(ApiCall call, Guid? id) =>
        id is { } known && await attempts.GetAsync(known, call.Cancelled).ConfigureAwait(false) is { } attempt && call.Caller.Reaches(attempt.Key) ? attempt : null;

    private static ApiAnswer Unknown() => Problems.NotFound("unknown_attempt", "There is no such attempt, or it is past retention.");
}
