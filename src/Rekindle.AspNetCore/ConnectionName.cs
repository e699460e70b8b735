using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>
/// The connection that a path names: by its id, or as <c>~</c> by integration and subject in the query, because
/// applications know their own user ids. What a caller's key does not reach does not exist for it.
/// </summary>
internal sealed class ConnectionName(IConnectionStore connections, ConnectionResolver resolver)
{
    private const string ByKey = "~";

    private static readonly IReadOnlyList<QueryParameter> Parameters =
        [CommonQuery.Integration, CommonQuery.Subject, CommonQuery.Tenant, CommonQuery.Purpose, CommonQuery.Account];

    /// <summary>What the query of such a path may hold.</summary>
    public static IReadOnlyList<QueryParameter> ParametersOf(string pattern) =>
        pattern.Contains("/connections/{id}", StringComparison.Ordinal) ? Parameters : [];

    /// <summary>The connection, or why there is none. The query's mistakes are among the call's, and are the answer then.</summary>
    public async ValueTask<(ConnectionSnapshot? Found, ApiAnswer? Problem)> FindAsync(ApiCall call)
    {
        if (ReadQuery(call) is not { } query)
        {
            return call.Failed ? (null, call.Failure()) : await FindByIdAsync(call).ConfigureAwait(false);
        }

        call.MustReach(query.Integration, query.Tenant ?? "");
        if (call.Failed)
        {
            return (null, call.Failure());
        }

        var (found, error) = await resolver.ResolveAsync(query, call.Cancelled).ConfigureAwait(false);
        return found is not null ? (found, null) : (null, Problems.Of(error!));
    }

    /// <summary>The name in the query, when the path leaves it to the query; null: it does not, or it is wrong.</summary>
    public static TokenQuery? ReadQuery(ApiCall call)
    {
        var byKey = call.Route("id") == ByKey;
        foreach (var parameter in byKey ? [] : Parameters.Where(p => call.Http.Request.Query.ContainsKey(p.Name)))
        {
            call.Mistakes.Add(parameter.Name, "goes with /v1/connections/~ only: the path names a connection already.");
        }

        return byKey ? ReadTokenQuery(call) : null;
    }

    /// <summary>Integration, subject, tenant, purpose and account of the query; null: mistakes.</summary>
    public static TokenQuery? ReadTokenQuery(ApiCall call)
    {
        var query = new TokenQuery
        {
            Environment = call.Environment,
            Integration = Required(call, CommonQuery.Integration),
            Subject = Required(call, CommonQuery.Subject),
            Tenant = call.Get(CommonQuery.Tenant),
            Purpose = call.Get(CommonQuery.Purpose) is { Length: > 0 } purpose ? purpose : null,
            Account = call.Get(CommonQuery.Account),
        };
        return call.Failed ? null : query;
    }

    private static string Required(ApiCall call, QueryParameter<string?> parameter)
    {
        var value = call.Get(parameter);
        if (string.IsNullOrEmpty(value) && !call.Mistakes.Found.Any(m => m.Field == parameter.Name))
        {
            call.Mistakes.Add(parameter.Name, "is required.");
        }

        return value ?? "";
    }

    private async ValueTask<(ConnectionSnapshot?, ApiAnswer?)> FindByIdAsync(ApiCall call)
    {
        var text = call.Route("id");
        return ConnectionId.TryParse(text, out var id)
            && await connections.GetAsync(id, call.Cancelled).ConfigureAwait(false) is { } found && call.Caller.Reaches(found.Connection.Key)
            ? (found, null)
            : (null, Problems.UnknownConnection(text));
    }
}
