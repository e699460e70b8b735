using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>The levers of A12 by selector.</summary>
internal sealed class BatchEndpoints(LeverBatch batch, TimeProvider time) : IApiEndpoints<BatchEndpoints>
{
    private const int MaxNote = 500;

    public static void Map(ApiRoutes<BatchEndpoints> routes) => routes.Post(
        "/v1/connections:batch",
        new("batch_connections", "Pull a lever on every connection that a selector finds")
        {
            Description = "With dry_run nothing is touched and the answer says what would be. One connection's trouble never stops the others: each has its own result.",
            Scope = ApiScopes.ConnectionsWrite,
            Body = typeof(Wire.BatchRequest),
            Answer = typeof(Wire.BatchOutcome),
            Idempotent = true,
        },
        static (e, call) => e.RunAsync(call));

    private async ValueTask<ApiAnswer> RunAsync(ApiCall call)
    {
        if (await call.BodyAsync<Wire.BatchRequest>().ConfigureAwait(false) is not { } body)
        {
            return call.Failure();
        }

        var order = Read(body, call);
        if (call.Failed)
        {
            return call.Failure();
        }

        if (order.Lever.Lever == ConnectionLever.Simulate && call.Environment == SimulatedFailure.RefusedIn)
        {
            return Problems.Refused(LeverRefusal.InProduction);
        }

        var result = await batch.RunAsync(order, call.Actor, call.Cancelled).ConfigureAwait(false);
        var items = result.Items.Select(i => LeverMapping.Of(i, body.DryRun)).ToArray();
        return ApiAnswer.Ok(new Wire.BatchOutcome
        {
            Action = body.Action,
            DryRun = body.DryRun,
            Matched = result.Matched,
            Applied = body.DryRun ? 0 : items.Count(i => i.Ok),
            Failed = items.Count(i => !i.Ok),
            More = result.Matched > items.Length,
            Items = items,
        });
    }

    private BatchOrder Read(Wire.BatchRequest body, ApiCall call)
    {
        if (!Names.TryParse<ConnectionLever>(body.Action, out var lever))
        {
            call.Mistakes.Add("action", $"must be one of: {string.Join(", ", Names.All<ConnectionLever>())}.");
        }

        if (body.Limit is < 1 or > CommonQuery.MaxLimit)
        {
            call.Mistakes.Add("limit", $"must be from 1 to {CommonQuery.MaxLimit}.");
        }

        TextRules.Check("note", body.Note, MaxNote, call.Mistakes);
        var selector = body.Selector ?? new Wire.BatchSelector();
        if (selector == new Wire.BatchSelector() != body.All)
        {
            call.Mistakes.Add("selector", body.All
                ? "goes without all: give one of them."
                : "must have at least one field; to select every connection, say \"all\": true.");
        }

        var order = new LeverOrder(lever, body.Note, ReadSimulation(body, lever, call.Mistakes));
        return new BatchOrder(order, ReadSelector(selector, call), body.Limit ?? CommonQuery.DefaultLimit, body.DryRun);
    }

    private static SimulatedFailure? ReadSimulation(Wire.BatchRequest body, ConnectionLever lever, Mistakes mistakes)
    {
        if (lever == ConnectionLever.Simulate ? body.Simulation is not { Reset: false } : body.Simulation is not null)
        {
            mistakes.Add("simulation", "goes with the action simulate, which needs it; to put back what a simulation hides: end_simulation.");
            return null;
        }

        return body.Simulation is { } simulation ? SimulationReader.Read(simulation, "simulation.", mistakes) : null;
    }

    private ConnectionFilter ReadSelector(Wire.BatchSelector s, ApiCall call)
    {
        foreach (var (name, value) in new[]
                 {
                     ("integration", s.Integration), ("tenant", s.Tenant), ("subject", s.Subject), ("purpose", s.Purpose), ("account", s.Account),
                     ("label", s.Label), ("error", s.Error),
                 })
        {
            TextRules.Check($"selector.{name}", value, ConnectionKey.MaxPartLength, call.Mistakes);
        }

        var status = default(ConnectionStatus);
        if (s.Status is not null && !Names.TryParse(s.Status, out status))
        {
            call.Mistakes.Add("selector.status", $"must be one of: {string.Join(", ", Names.All<ConnectionStatus>())}.");
        }

        if (s.InBackoff == false)
        {
            call.Mistakes.Add("selector.in_backoff", "can only be true: leave it out to select all.");
        }

        return new ConnectionFilter
        {
            Environment = call.Environment,
            Integrations = call.Narrow(s.Integration, call.Caller.Integrations),
            Tenants = call.Narrow(s.Tenant, call.Caller.Tenants),
            Subject = s.Subject,
            Purpose = s.Purpose,
            Account = s.Account,
            Label = s.Label,
            Status = s.Status is null ? null : status,
            Error = s.Error,
            FailuresBelow = s.FailuresBelow,
            InBackoffAt = s.InBackoff == true ? time.GetUtcNow() : null,
        };
    }
}
