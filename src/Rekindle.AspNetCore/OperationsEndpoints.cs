using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>How things stand: summary, capacity, workers, leases.</summary>
internal sealed class OperationsEndpoints(
    IConnectionStore connections, IWorkerStore workers, IntegrationDirectory directory, CapacityReader capacity, LeaseInspector leases,
    ConnectionLevers levers, DatabaseOwnership ownership, TimeProvider time) : IApiEndpoints<OperationsEndpoints>
{
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    public static void Map(ApiRoutes<OperationsEndpoints> routes)
    {
        routes.Get(
            "/v1/summary",
            new("get_summary", "How the environment's connections stand") { Scope = ApiScopes.ConnectionsRead, WholeEnvironment = true, Answer = typeof(Wire.Summary) },
            static (e, call) => e.SummarizeAsync(call));
        routes.Get(
            "/v1/capacity",
            new("get_capacity", "Demand against budgets")
            {
                Description = "Tokens that fall due per window in the long run, against what the budget allows; tight before demand exceeds it.",
                Scope = ApiScopes.ConnectionsRead,
                WholeEnvironment = true,
                Answer = typeof(Wire.Capacity),
            },
            static (e, call) => e.ReadCapacityAsync(call));
        routes.Get(
            "/v1/workers",
            new("list_workers", "Workers and their last sign of life") { Scope = ApiScopes.ConnectionsRead, WholeEnvironment = true, Answer = typeof(Wire.WorkerList) },
            static (e, call) => e.ListWorkersAsync(call));
        routes.Get(
            "/v1/leases",
            new("list_leases", "Leases, who holds them, and whether that is normal") { Scope = ApiScopes.ConnectionsRead, Answer = typeof(Wire.LeaseList) },
            static (e, call) => e.ListLeasesAsync(call));
        routes.Delete(
            "/v1/leases/{id}",
            new("break_lease", "Break a connection's lease")
            {
                Description = "The fence rises and an open intent stays: the token is not sent again before its wait has passed. Rarely needed: leases end by themselves.",
                Scope = ApiScopes.Admin,
                Success = 204,
                Problems = [404],
            },
            static (e, call) => e.BreakLeaseAsync(call));
    }

    private async ValueTask<ApiAnswer> SummarizeAsync(ApiCall call)
    {
        var now = time.GetUtcNow();
        var s = await connections.SummarizeAsync(call.Environment, now, call.Cancelled).ConfigureAwait(false);
        var entries = await EntriesAsync(call).ConfigureAwait(false);
        return ApiAnswer.Ok(new Wire.Summary
        {
            At = now,
            Total = s.ByStatus.Values.Sum(),
            ByStatus = s.ByStatus.ToDictionary(p => Names.Of(p.Key), p => p.Value),
            ExpiringSoon = s.ExpiringSoon,
            Overdue = s.Overdue,
            ExpiredWhileActive = s.ExpiredWhileActive,
            InDoubt = s.InDoubt,
            NeverRefreshed = s.NeverRefreshed,
            Frozen = ownership.Freeze is { } f ? new(Names.Of(f.Reason), f.Detail, f.Remedy, f.Since) : null,
            LeftOut = s.LeftOut,
            InBackoff = [.. s.InBackoff.Select(g => new Wire.BackoffGroup(g.Failures, g.Count, g.Earliest, g.Latest, g.TopError))],
            TopErrors = [.. s.TopErrors.Select(e => new Wire.ErrorCount(e.Error, e.Count))],
            NextDueAt = s.NextDueAt,
            IntegrationsByState = entries.GroupBy(e => e.Integration.State).ToDictionary(g => Names.Of(g.Key), g => g.Count()),
        });
    }

    private async ValueTask<ApiAnswer> ReadCapacityAsync(ApiCall call)
    {
        var read = await capacity.ReadAsync(await EntriesAsync(call).ConfigureAwait(false), call.Cancelled).ConfigureAwait(false);
        return ApiAnswer.Ok(new Wire.Capacity { Integrations = [.. read.OrderByDescending(c => c.Utilisation).Select(ToWire)] });
    }

    private async ValueTask<ApiAnswer> ListWorkersAsync(ApiCall call)
    {
        var now = time.GetUtcNow();
        var list = await workers.ListAsync(now - Remembered, call.Cancelled).ConfigureAwait(false);
        return ApiAnswer.Ok(new Wire.WorkerList { Items = [.. list.OrderByDescending(w => w.SeenAt).Select(w => ToWire(w, now))] });
    }

    private async ValueTask<ApiAnswer> ListLeasesAsync(ApiCall call)
    {
        var now = time.GetUtcNow();
        var list = await leases.ListAsync(call.Environment, CommonQuery.MaxLimit, call.Cancelled).ConfigureAwait(false);
        return ApiAnswer.Ok(new Wire.LeaseList { Items = [.. list.Where(l => call.Caller.Reaches(l.Lease.Key)).Select(l => ToWire(l, now))] });
    }

    private async ValueTask<ApiAnswer> BreakLeaseAsync(ApiCall call)
    {
        var reached = ConnectionId.TryParse(call.Route("id"), out var id)
            && await connections.GetAsync(id, call.Cancelled).ConfigureAwait(false) is { } found && call.Caller.Reaches(found.Connection.Key);
        return !reached ? Problems.UnknownConnection(call.Route("id"))
            : await levers.BreakLeaseAsync(id, call.Actor, call.Cancelled).ConfigureAwait(false) ? ApiAnswer.NoContent
            : Problems.NotFound("no_lease", "Nobody holds a lease on that connection.");
    }

    private async ValueTask<IReadOnlyCollection<IntegrationEntry>> EntriesAsync(ApiCall call)
    {
        var all = await directory.AllAsync(call.Cancelled).ConfigureAwait(false);
        return [.. all.Where(e => e.Integration.Environment == call.Environment)];
    }

    private static Wire.IntegrationCapacity ToWire(IntegrationCapacity c) => new()
    {
        Integration = c.Entry.Integration.Key,
        Status = Names.Of(c.State),
        Advice = c.Advice,
        DuePerWindow = Math.Round(c.DuePerWindow, 2),
        Utilisation = Math.Round(c.Utilisation, 4),
        RefreshableConnections = c.Refreshable,
        BudgetHard = c.Entry.Integration.Policy.BudgetHard,
        RateLimitBudget = new()
        {
            TotalAttempts = c.Budget.TotalAttempts,
            Successful = c.Budget.Successful,
            Failed = c.Budget.Failed,
            RemainingBudget = c.Budget.RemainingBudget,
            MaxRequests = c.Budget.MaxRequests,
            WindowSeconds = c.Budget.WindowSeconds,
        },
    };

    private static Wire.Worker ToWire(WorkerView w, DateTimeOffset now) => new()
    {
        InstanceId = w.InstanceId,
        Version = w.Version,
        Alive = now - w.SeenAt < LeaseInspector.SilentAfter,
        StartedAt = w.StartedAt,
        SeenAt = w.SeenAt,
        LastCycleAt = w.LastCycleAt,
        InFlight = w.InFlight,
        Slots = w.Slots,
        KeyIds = w.KeyIds.Split(',', StringSplitOptions.RemoveEmptyEntries),
        Journal = w.Journal is not { } journal ? null : new()
        {
            Status = Names.Of(journal),
            Open = w.JournalOpen,
            OldestAt = w.JournalOldestAt,
            Timeline = w.Timeline,
        },
        ClockSkewSeconds = w.ClockSkew?.TotalSeconds,
        Frozen = w.Frozen is { } reason ? Names.Of(reason) : null,
    };

    private static Wire.Lease ToWire(InspectedLease i, DateTimeOffset now) => new()
    {
        ConnectionId = i.Lease.ConnectionId.ToString(),
        Integration = i.Lease.Key.Integration,
        Tenant = i.Lease.Key.Tenant,
        Subject = i.Lease.Key.Subject,
        Verdict = Names.Of(i.Verdict),
        Detail = i.Detail,
        ReturnsAt = i.ReturnsAt,
        Holder = i.Lease.Holder,
        HolderVersion = i.Lease.HolderVersion,
        HolderSeenAt = i.Lease.HolderSeenAt,
        HolderSilentSeconds = i.Lease.HolderSeenAt is { } seen ? (long)(now - seen).TotalSeconds : null,
        AttemptId = i.Lease.AttemptId,
        Fence = i.Lease.Fence,
        AcquiredAt = i.Lease.AcquiredAt,
        HeldSeconds = (long)(now - i.Lease.AcquiredAt).TotalSeconds,
        ExpiresAt = i.Lease.LeaseUntil,
        ExpiredSeconds = (long)(now - i.Lease.LeaseUntil).TotalSeconds,
        OpenIntents = i.Lease.OpenIntents,
    };
}
