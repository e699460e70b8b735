using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>Connections: import, list, look at, annotate, delete.</summary>
internal sealed class ConnectionEndpoints(
    IConnectionStore connections, ConnectionName names, ConnectionImporter importer, ConnectionLevers levers, IntegrationDirectory directory,
    TimeProvider time) : IApiEndpoints<ConnectionEndpoints>
{
    private const string List = "connections";

    private static readonly QueryParameter<string?> After = Cursor.Parameter(List);

    public static void Map(ApiRoutes<ConnectionEndpoints> routes)
    {
        routes.Get(
            "/v1/connections",
            new("list_connections", "Connections, by filters")
            {
                Scope = ApiScopes.ConnectionsRead,
                Query = [.. ConnectionQuery.Parameters, CommonQuery.Limit, After],
                Answer = typeof(Wire.Page<Wire.Connection>),
            },
            static (e, call) => e.ListAsync(call));
        routes.Post(
            "/v1/connections",
            new("import_connection", "Import a grant that was obtained elsewhere")
            {
                Description = "A connection that exists is left alone unless replace is true: importing last week's export over live connections changes nothing.",
                Scope = ApiScopes.ConnectionsWrite,
                Body = typeof(Wire.ImportConnection),
                Answer = typeof(Wire.Connection),
                Success = 201,
                OtherSuccess = 200,
                Problems = [409],
                Idempotent = true,
            },
            static (e, call) => e.ImportAsync(call));
        routes.Get(
            "/v1/connections/{id}",
            new("get_connection", "One connection") { Scope = ApiScopes.ConnectionsRead, Answer = typeof(Wire.Connection), Problems = [404, 409] },
            static (e, call) => e.GetAsync(call));
        routes.Patch(
            "/v1/connections/{id}",
            new("patch_connection", "Change label and metadata")
            {
                Scope = ApiScopes.ConnectionsWrite,
                Body = typeof(Wire.PatchConnection),
                Answer = typeof(Wire.Connection),
                Problems = [404, 409],
            },
            static (e, call) => e.PatchAsync(call));
        routes.Delete(
            "/v1/connections/{id}",
            new("delete_connection", "Revoke a connection at its provider and delete it")
            {
                Scope = ApiScopes.ConnectionsWrite,
                Success = 204,
                Problems = [404, 409],
            },
            static (e, call) => e.DeleteAsync(call));
    }

    private async ValueTask<ApiAnswer> ListAsync(ApiCall call)
    {
        var filter = ConnectionQuery.Read(call, time.GetUtcNow());
        var limit = call.Get(CommonQuery.Limit) ?? CommonQuery.DefaultLimit;
        var after = call.Get(After);
        if (call.Failed)
        {
            return call.Failure();
        }

        var last = after is not null && ConnectionId.TryParse(after, out var id) ? id : (ConnectionId?)null;
        var found = await connections.ListAsync(filter, last, limit + 1, call.Cancelled).ConfigureAwait(false);
        var page = found.Take(limit).ToArray();
        return ApiAnswer.Ok(new Wire.Page<Wire.Connection>
        {
            Items = await ToWireAsync(page, call.Cancelled).ConfigureAwait(false),
            NextCursor = found.Count > limit ? Cursor.Of(List, page[^1].Connection.Id.ToString()) : null,
        });
    }

    private async ValueTask<ApiAnswer> ImportAsync(ApiCall call)
    {
        if (await call.BodyAsync<Wire.ImportConnection>().ConfigureAwait(false) is not { } body)
        {
            return call.Failure();
        }

        var grant = ImportReader.Read(body, call, time.GetUtcNow());
        call.MustReach(body.Integration, grant.Key.Tenant);
        if (call.Failed)
        {
            return call.Failure();
        }

        foreach (var (field, problem) in await importer.MistakesAsync(grant, call.Cancelled).ConfigureAwait(false))
        {
            call.Mistakes.Add(field, problem);
        }

        return call.Failed
            ? call.Failure()
            : await AnswerAsync(await importer.ImportAsync(grant, call.Cancelled).ConfigureAwait(false), call).ConfigureAwait(false);
    }

    private async ValueTask<ApiAnswer> AnswerAsync(GrantResult result, ApiCall call) => result switch
    {
        GrantResult.Created made => ApiAnswer.Created(
            await ToWireAsync(made.Snapshot, call.Cancelled).ConfigureAwait(false), $"/v1/connections/{made.Snapshot.Connection.Id}"),
        GrantResult.Replaced replaced => ApiAnswer.Ok(await ToWireAsync(replaced.Snapshot, call.Cancelled).ConfigureAwait(false)),
        GrantResult.Exists there => Problems.Conflict(
            "connection_exists", "Connection exists", $"Connection {there.Snapshot.Connection.Id} exists and was left alone. Send \"replace\": true to give it this grant.",
            there.Snapshot.Connection.Id),
        GrantResult.AnotherAccount other => Problems.Conflict(
            "another_account", "Another account is pinned", $"Connection {other.Snapshot.Connection.Id} belongs to another account at the provider. Nothing was changed.",
            other.Snapshot.Connection.Id),
        _ => throw new InvalidOperationException($"Unknown result {result.GetType().Name}."),
    };

    private async ValueTask<ApiAnswer> GetAsync(ApiCall call)
    {
        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        return found is null ? problem! : ApiAnswer.Ok(await ToWireAsync(found, call.Cancelled).ConfigureAwait(false));
    }

    private async ValueTask<ApiAnswer> PatchAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.PatchConnection>().ConfigureAwait(false);
        if (body is not null)
        {
            TextRules.Check("label", body.Label, TextRules.MaxLabel, call.Mistakes);
            TextRules.CheckMap("metadata", body.Metadata, call.Mistakes, mayBeNull: true);
        }

        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        if (call.Failed || found is null)
        {
            return call.Failed ? call.Failure() : problem!;
        }

        var left = found.Connection.Metadata.Keys.Union(body!.Metadata?.Keys ?? []).Count();
        if (left > TextRules.MaxEntries)
        {
            return Problems.Invalid("metadata", $"would have {left} values; at most {TextRules.MaxEntries} are allowed.");
        }

        var patched = await connections.PatchAsync(found.Connection.Id, new ConnectionPatch(body.Label, body.Metadata), time.GetUtcNow(), call.Cancelled)
            .ConfigureAwait(false);
        return patched is null ? Problems.UnknownConnection(call.Route("id")) : ApiAnswer.Ok(await ToWireAsync(patched, call.Cancelled).ConfigureAwait(false));
    }

    private async ValueTask<ApiAnswer> DeleteAsync(ApiCall call)
    {
        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        return found is null ? problem!
            : await levers.DeleteAsync(found.Connection.Id, call.Actor, call.Cancelled).ConfigureAwait(false) ? ApiAnswer.NoContent
            : Problems.UnknownConnection(call.Route("id"));
    }

    private async Task<Wire.Connection> ToWireAsync(ConnectionSnapshot snapshot, CancellationToken cancellationToken) => ConnectionMapping.Of(
        snapshot, await directory.FindAsync(snapshot.Connection.IntegrationId, cancellationToken).ConfigureAwait(false), time.GetUtcNow());

    private async Task<IReadOnlyList<Wire.Connection>> ToWireAsync(ConnectionSnapshot[] snapshots, CancellationToken cancellationToken)
    {
        var items = new List<Wire.Connection>(snapshots.Length);
        foreach (var snapshot in snapshots)
        {
            items.Add(await ToWireAsync(snapshot, cancellationToken).ConfigureAwait(false));
        }

        return items;
    }
}
