using Rekindle.Simulator.History;

namespace Rekindle.Simulator.Control;

/// <summary>The history for other processes: its entries, its counts, and a wait for what is to come.</summary>
internal static class HistoryEndpoints
{
    private const int UsualLimit = 1000;
    private const int UsualWaitSeconds = 10;
    private const int LongestWaitSeconds = 60;

    public static void Map(ControlRoutes control)
    {
        control.Get("/history", request => request.Host.History.Since(After(request))
            .Where(Filter(request)).Take(request.Query("limit", UsualLimit)));
        control.Get("/history/newest", request => new
        {
            number = request.Host.History.Newest,
            reuses_outside_rule = request.Host.History.ReusesOutsideRule,
        });
        control.Get("/history/tokens", request => request.Host.History.PresentationsPerToken(request.Query("server"), After(request)));
        control.Get("/history/grants", request => request.Host.History.RefreshesPerGrant(request.Query("server"), After(request)));
        control.Get("/history/outside-rule", request => request.Host.History.PresentedOutsideRule(request.Query("server"), After(request)));
        control.Get("/history/wait", WaitAsync);
    }

    private static async ValueTask<object?> WaitAsync(ControlRequest request)
    {
        // The wait is the caller's and not the simulation's: it goes by the wall clock.
        var longest = TimeSpan.FromSeconds(Math.Min(request.Query("timeout_seconds", UsualWaitSeconds), LongestWaitSeconds));
        using var deadline = new CancellationTokenSource(longest);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, request.Aborted);
        try
        {
            return await request.Host.History.WaitForAsync(Filter(request), request.Query("count", 1), either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"That did not happen within {longest.TotalSeconds} s.");
        }
    }

    private static long After(ControlRequest request) => request.Query("after", 0L);

    private static Func<Presentation, bool> Filter(ControlRequest request)
    {
        var after = After(request);
        var server = request.Query("server");
        var grant = request.Query("grant_id");
        var endpoint = request.Query("endpoint")?.Replace("_", "", StringComparison.Ordinal);
        bool? answered = request.Query("answered") is null ? null : request.Query("answered", false);
        return seen =>
            seen.Number > after
            && (server ?? seen.Server) == seen.Server
            && (grant ?? seen.GrantId) == seen.GrantId
            && (endpoint is null || endpoint.Equals(seen.Endpoint.ToString(), StringComparison.OrdinalIgnoreCase))
            && (answered is null || answered == seen.AnsweredAt is not null);
    }
}
