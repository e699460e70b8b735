using System.Globalization;
using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>What was told to people, and who did what.</summary>
internal sealed class RecordEndpoints(INotificationStore notifications, IAuditStore audit, IConnectionStore connections) : IApiEndpoints<RecordEndpoints>
{
    private const string Notifications = "notifications";
    private const string Audit = "audit";

    private static readonly QueryParameter<string?> AfterNotification = Cursor.Parameter(Notifications);
    private static readonly QueryParameter<string?> AfterEntry = Cursor.Parameter(Audit);
    private static readonly QueryParameter<bool?> Open = Query.Flag("open", "True: only those that are open.");
    private static readonly QueryParameter<ConnectionId?> Connection = new(
        "connection", "Id of the connection.", static text => ConnectionId.TryParse(text, out var id) ? (id, null) : (null, "is not a connection's id."));

    public static void Map(ApiRoutes<RecordEndpoints> routes)
    {
        routes.Get(
            "/v1/notifications",
            new("list_notifications", "Messages to people, newest first")
            {
                Scope = ApiScopes.Notifications,
                Query = [Open, Connection, CommonQuery.Limit, AfterNotification],
                Answer = typeof(Wire.Page<Wire.Notification>),
            },
            static (e, call) => e.ListNotificationsAsync(call));
        routes.Get(
            "/v1/audit",
            new("list_audit", "Who did what, newest first")
            {
                Scope = ApiScopes.Admin,
                WholeEnvironment = true,
                Query = [CommonQuery.Limit, AfterEntry],
                Answer = typeof(Wire.Page<Wire.AuditEntry>),
            },
            static (e, call) => e.ListAuditAsync(call));
    }

    private async ValueTask<ApiAnswer> ListNotificationsAsync(ApiCall call)
    {
        var open = call.Get(Open) ?? false;
        var connection = call.Get(Connection);
        var limit = call.Get(CommonQuery.Limit) ?? CommonQuery.DefaultLimit;
        var before = Number(call.Get(AfterNotification));
        if (call.Failed)
        {
            return call.Failure();
        }

        var found = await notifications.ListAsync(call.Environment, open, connection, before, limit + 1, call.Cancelled).ConfigureAwait(false);
        var page = found.Take(limit).ToArray();
        var visible = new List<Wire.Notification>(page.Length);
        foreach (var n in page)
        {
            if (await ReachesAsync(call, n).ConfigureAwait(false))
            {
                visible.Add(ToWire(n));
            }
        }

        return ApiAnswer.Ok(new Wire.Page<Wire.Notification>
        {
            Items = visible,
            NextCursor = found.Count > limit ? Cursor.Of(Notifications, Text(page[^1].Id)) : null,
        });
    }

    // A message about a whole integration says nothing about a tenant, and is not for a key that is limited to some.
    private async ValueTask<bool> ReachesAsync(ApiCall call, Rekindle.Notifications.Notification n) =>
        call.Caller.ReachesIntegration(n.Integration)
        && (call.Caller.Tenants is null
            || (n.ConnectionId is { } id && await connections.GetAsync(id, call.Cancelled).ConfigureAwait(false) is { } found && call.Caller.Reaches(found.Connection.Key)));

    private async ValueTask<ApiAnswer> ListAuditAsync(ApiCall call)
    {
        var limit = call.Get(CommonQuery.Limit) ?? CommonQuery.DefaultLimit;
        var before = Number(call.Get(AfterEntry));
        if (call.Failed)
        {
            return call.Failure();
        }

        var found = await audit.ListAsync(call.Environment, before, limit + 1, call.Cancelled).ConfigureAwait(false);
        var page = found.Take(limit).ToArray();
        return ApiAnswer.Ok(new Wire.Page<Wire.AuditEntry>
        {
            Items = [.. page.Select(e => new Wire.AuditEntry { Id = e.Id, At = e.At, Actor = e.Actor, Action = e.Action, Target = e.Target, Detail = e.Detail })],
            NextCursor = found.Count > limit ? Cursor.Of(Audit, Text(page[^1].Id)) : null,
        });
    }

    private static Wire.Notification ToWire(Rekindle.Notifications.Notification n) => new()
    {
        Id = n.Id,
        Integration = n.Integration,
        ConnectionId = n.ConnectionId?.ToString(),
        Kind = Names.Of(n.Kind),
        Audience = Names.Of(n.Audience),
        Title = n.Title,
        Text = n.Text,
        OpenedAt = n.OpenedAt,
        ClosedAt = n.ClosedAt,
        Count = n.Count,
        IsTest = n.IsTest,
    };

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
