using System.Collections.Immutable;
using System.Globalization;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.History;

namespace Rekindle.Simulator.Http;

/// <summary>
/// The way of every request: it is put on record, faults may strike, the server does its work, faults may strike again,
/// the answer leaves. A caller that hangs up changes nothing of this: a real server finishes its work too.
/// </summary>
internal sealed class Exchange(HttpContext context, AuthorizationServer server, PresentationEntry entry)
{
    private readonly TimeProvider _time = server.Context.Time;
    private readonly CancellationToken _stopping = server.Context.Stopping;
    private FaultKind? _cut;

    /// <summary>Does the work for a request that has been read.</summary>
    /// <param name="presented">What the request is known to be on arrival.</param>
    /// <returns>The answer, and what is to stand in the history.</returns>
    public delegate (Answer Answer, Presentation Seen) Work(Presentation presented);

    public static async Task ServeAsync(HttpContext context, AuthorizationServer server, Presentation arrived, Work work)
    {
        var entry = server.Context.History.Append(arrived);
        await new Exchange(context, server, entry).RunAsync(work);
    }

    public static Presentation Arrive(HttpContext context, AuthorizationServer server, SimulatedEndpoint endpoint) => new()
    {
        Number = 0,
        At = server.Context.Time.GetUtcNow(),
        Server = server.Name,
        Endpoint = endpoint,
        Process = context.Request.Headers[server.Context.ProcessHeader].FirstOrDefault(),
        UserAgent = context.Request.Headers.UserAgent.FirstOrDefault(),
    };

    private async Task RunAsync(Work work)
    {
        try
        {
            var faults = server.Faults.Concerning(entry.Seen);
            if (entry.Seen.Endpoint == SimulatedEndpoint.Token && server.Personality.Latency > TimeSpan.Zero)
            {
                await Task.Delay(server.Personality.Latency, _time, _stopping);
            }

            var answer = await StrikeAsync(faults, FaultStage.Before, null);
            if (answer is null && _cut is null)
            {
                (answer, var seen) = work(entry.Seen);
                entry.Update(_ => seen);
                answer = await StrikeAsync(faults, FaultStage.After, answer) ?? answer;
            }

            await SendAsync(answer);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    private async Task<Answer?> StrikeAsync(ImmutableArray<ActiveFault> faults, FaultStage stage, Answer? own)
    {
        foreach (var fault in faults)
        {
            if (fault.Fault.Stage != stage || !fault.Strikes(_time.GetUtcNow()))
            {
                continue;
            }

            switch (fault.Fault.Kind)
            {
                case FaultKind.Slow:
                    await Task.Delay(fault.Fault.Delay, _time, _stopping);
                    break;
                case FaultKind.Hold:
                    await fault.Removed.WaitAsync(_stopping);
                    break;
                case FaultKind.ForgottenRotation:
                    Forget();
                    break;
                case var kind:
                    entry.Update(seen => seen with { Fault = kind });
                    _cut = kind is FaultKind.Abort or FaultKind.Truncate ? kind : null;
                    return _cut is null ? FaultAnswers.Of(fault.Fault, own, server.Personality.Errors, _time.GetUtcNow()) : own;
            }
        }

        return null;
    }

    private void Forget()
    {
        if (entry.Seen is { IssuedGeneration: { } generation, GrantId: { } grant })
        {
            server.Book.Find(grant)!.Forget(generation);
            entry.Update(seen => seen with { Fault = FaultKind.ForgottenRotation });
        }
    }

    private async Task SendAsync(Answer? answer)
    {
        if (answer is null || _cut == FaultKind.Abort)
        {
            Complete(status: null);
            context.Abort();
            return;
        }

        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Body.Length;
        response.Headers.Date = _time.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        foreach (var (name, value) in answer.Headers)
        {
            response.Headers.Append(name, value);
        }

        if (_cut == FaultKind.Truncate)
        {
            await response.Body.WriteAsync(answer.Body[..(answer.Body.Length / 2)], CancellationToken.None);
            await response.Body.FlushAsync(CancellationToken.None);
            Complete(status: null);
            context.Abort();
            return;
        }

        Complete(answer.Status);
        await response.Body.WriteAsync(answer.Body, CancellationToken.None);
    }

    // On record before the last byte leaves, so that whoever has the answer finds it there.
    private void Complete(int? status)
    {
        var now = _time.GetUtcNow();
        server.Context.History.Complete(entry, seen => seen with { Status = status, AnsweredAt = now });
    }
}
