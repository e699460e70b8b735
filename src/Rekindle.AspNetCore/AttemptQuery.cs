using Rekindle.AspNetCore.Http;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>The filters of the attempt log, narrowed to what the caller's key reaches.</summary>
internal static class AttemptQuery
{
    private static readonly QueryParameter<ConnectionId?> Connection = new(
        "connection", "Id of the connection.", static text => ConnectionId.TryParse(text, out var id) ? (id, null) : (null, "is not a connection's id."));

    private static readonly QueryParameter<RefreshSource?> Source = Query.Word<RefreshSource>("source", "Who asked.");
    private static readonly QueryParameter<AttemptAction?> Action = Query.Word<AttemptAction>("action", "How it ended.");
    private static readonly QueryParameter<RefreshClass?> Class = Query.Word<RefreshClass>("class", "What the answer meant.");
    private static readonly QueryParameter<DateTimeOffset?> Since = Query.Instant("since", "Made at or after.");
    private static readonly QueryParameter<DateTimeOffset?> Until = Query.Instant("until", "Made before.");

    public static IReadOnlyList<QueryParameter> Parameters { get; } =
        [Connection, CommonQuery.Integration, CommonQuery.Tenant, CommonQuery.Subject, Source, Action, Class, Since, Until];

    /// <summary>Everything that the caller may see.</summary>
    public static AttemptFilter ReachOf(ApiCall call) => new()
    {
        Environment = call.Environment,
        Integrations = call.Caller.Integrations,
        Tenants = call.Caller.Tenants,
    };

    /// <summary>What the query asks for.</summary>
    public static AttemptFilter Read(ApiCall call) => new()
    {
        Environment = call.Environment,
        Integrations = call.Narrow(call.Get(CommonQuery.Integration), call.Caller.Integrations),
        Tenants = call.Narrow(call.Get(CommonQuery.Tenant), call.Caller.Tenants),
        ConnectionId = call.Get(Connection),
        Subject = call.Get(CommonQuery.Subject),
        Source = call.Get(Source),
        Action = call.Get(Action),
        Class = call.Get(Class),
        Since = call.Get(Since),
        Until = call.Get(Until),
    };
}
