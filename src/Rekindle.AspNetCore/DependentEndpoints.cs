using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>What lives on a connection (C6): attach, detach, list.</summary>
internal sealed class DependentEndpoints(IDependentStore dependents, IConnectionStore connections, ConnectionName names, TimeProvider time)
    : IApiEndpoints<DependentEndpoints>
{
    private const int MostPerConnection = 100;
    private const int MaxConsequence = 500;

    private const string List = "dependents";

    private static readonly QueryParameter<string?> After = Cursor.Parameter(List);
    private static readonly QueryParameter<DependentState?> Status = Query.Word<DependentState>("status", "Status of the dependent.");

    public static void Map(ApiRoutes<DependentEndpoints> routes)
    {
        routes.Get(
            "/v1/dependents",
            new("list_dependents", "Dependents of the environment, by connection and name")
            {
                Scope = ApiScopes.ConnectionsRead,
                Query = [Status, CommonQuery.Limit, After],
                Answer = typeof(Wire.Page<Wire.Dependent>),
            },
            static (e, call) => e.ListAllAsync(call));
        routes.Get(
            "/v1/connections/{id}/dependents",
            new("list_connection_dependents", "Dependents of a connection")
            {
                Scope = ApiScopes.ConnectionsRead,
                Answer = typeof(Wire.DependentList),
                Problems = [404, 409],
            },
            static (e, call) => e.ListAsync(call));
        routes.Put(
            "/v1/connections/{id}/dependents/{name}",
            new("put_dependent", "Attach a dependent, or rename it")
            {
                Description = "Its status follows the connection's: a dependent of a connection that needs its user is paused.",
                Scope = ApiScopes.ConnectionsWrite,
                Body = typeof(Wire.PutDependent),
                Answer = typeof(Wire.Dependent),
                Problems = [404, 409],
            },
            static (e, call) => e.PutAsync(call));
        routes.Delete(
            "/v1/connections/{id}/dependents/{name}",
            new("delete_dependent", "Detach a dependent") { Scope = ApiScopes.ConnectionsWrite, Success = 204, Problems = [404, 409] },
            static (e, call) => e.DeleteAsync(call));
    }

    private async ValueTask<ApiAnswer> ListAllAsync(ApiCall call)
    {
        var status = call.Get(Status);
        var limit = call.Get(CommonQuery.Limit) ?? CommonQuery.DefaultLimit;
        var after = call.Get(After);
        if (call.Failed)
        {
            return call.Failure();
        }

        var found = await dependents.ListAsync(call.Environment, status, Position(after), limit + 1, call.Cancelled).ConfigureAwait(false);
        var visible = new List<Wire.Dependent>();
        foreach (var dependent in found.Take(limit))
        {
            if (await ReachesAsync(call, dependent.ConnectionId).ConfigureAwait(false))
            {
                visible.Add(ToWire(dependent));
            }
        }

        return ApiAnswer.Ok(new Wire.Page<Wire.Dependent>
        {
            Items = visible,
            NextCursor = found.Count > limit ? Cursor.Of(List, $"{found[limit - 1].ConnectionId} {found[limit - 1].Name}") : null,
        });
    }

    private static DependentPosition? Position(string? after) =>
        after?.Split(' ', 2) is [var id, var name] && ConnectionId.TryParse(id, out var connection) ? new(connection, name) : null;

    private async ValueTask<bool> ReachesAsync(ApiCall call, ConnectionId id) =>
        !call.Caller.IsLimited || (await connections.GetAsync(id, call.Cancelled).ConfigureAwait(false) is { } found && call.Caller.Reaches(found.Connection.Key));

    private async ValueTask<ApiAnswer> ListAsync(ApiCall call)
    {
        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        if (found is null)
        {
            return problem!;
        }

        var list = await dependents.ListAsync(found.Connection.Id, call.Cancelled).ConfigureAwait(false);
        return ApiAnswer.Ok(new Wire.DependentList { Items = [.. list.Select(ToWire)] });
    }

    private async ValueTask<ApiAnswer> PutAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.PutDependent>().ConfigureAwait(false);
        var name = call.Route("name");
        TextRules.Check("name", name, TextRules.MaxName, call.Mistakes, required: true);
        if (body is not null)
        {
            TextRules.Check("label", body.Label, TextRules.MaxLabel, call.Mistakes, required: true);
            TextRules.Check("consequence", body.Consequence, MaxConsequence, call.Mistakes);
        }

        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        if (call.Failed || found is null)
        {
            return call.Failed ? call.Failure() : problem!;
        }

        var present = await dependents.ListAsync(found.Connection.Id, call.Cancelled).ConfigureAwait(false);
        if (present.Count >= MostPerConnection && present.All(d => d.Name != name))
        {
            return Problems.Conflict("too_many_dependents", "Too many dependents", $"A connection has at most {MostPerConnection} dependents. Detach one first.", found.Connection.Id);
        }

        var dependent = new Dependent { ConnectionId = found.Connection.Id, Name = name, Label = body!.Label, Consequence = body.Consequence };
        return await dependents.PutAsync(dependent, time.GetUtcNow(), call.Cancelled).ConfigureAwait(false) is { } stored
            ? ApiAnswer.Ok(ToWire(stored))
            : Problems.UnknownConnection(call.Route("id"));
    }

    private async ValueTask<ApiAnswer> DeleteAsync(ApiCall call)
    {
        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        return found is null ? problem!
            : await dependents.DeleteAsync(found.Connection.Id, call.Route("name"), call.Cancelled).ConfigureAwait(false) ? ApiAnswer.NoContent
            : Problems.NotFound("unknown_dependent", "The connection has no dependent of that name.");
    }

    private static Wire.Dependent ToWire(Dependent d) => new()
    {
        ConnectionId = d.ConnectionId.ToString(),
        Name = d.Name,
        Label = d.Label,
        Consequence = d.Consequence,
        Status = Names.Of(d.State),
        StatusSince = d.StateSince,
    };
}
