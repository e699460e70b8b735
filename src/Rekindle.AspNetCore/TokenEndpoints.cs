using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Connections;

namespace Rekindle.AspNetCore;

/// <summary>Handing out access tokens, and hearing that one was refused.</summary>
internal sealed class TokenEndpoints(TokenReader tokens, ConnectionName names, TimeProvider time) : IApiEndpoints<TokenEndpoints>
{
    private static readonly QueryParameter<int?> MinValid = Query.Number(
        "min_valid_seconds", "Remaining validity you need; default 120, which gives way when a refresh fails for now. At most half the token's life is asked.", 0, 86_400);

    private static readonly QueryParameter<int?> MaxWait = Query.Number("max_wait_seconds", "How long to wait for a refresh; default 10.", 0, 30);

    public static void Map(ApiRoutes<TokenEndpoints> routes)
    {
        var get = new ApiOperation("get_token", "A valid access token, by integration and subject")
        {
            Scope = ApiScopes.TokensRead,
            Query = [CommonQuery.Integration with { Required = true }, CommonQuery.Subject with { Required = true }, CommonQuery.Tenant, CommonQuery.Purpose, CommonQuery.Account, MinValid, MaxWait],
            Answer = typeof(Wire.Token),
            Problems = [404, 409],
            Quiet = true,
        };
        routes.Get("/v1/token", get, static (e, call) => e.GetAsync(call));
        routes.Get(
            "/v1/connections/{id}/token",
            get with { Id = "get_connection_token", Summary = "A valid access token of a connection", Query = [MinValid, MaxWait] },
            static (e, call) => e.GetByIdAsync(call));
        routes.Post(
            "/v1/connections/{id}/token/rejected",
            new("report_rejected_token", "Report that an API refused a token")
            {
                Description = "An old version, or a refusal about scopes, never refreshes: the present token is the answer. Otherwise the provider is asked for a new one.",
                Scope = ApiScopes.TokensRead,
                Body = typeof(Wire.TokenRejection),
                Answer = typeof(Wire.Token),
                Problems = [404, 409],
            },
            static (e, call) => e.RejectedAsync(call));
    }

    private async ValueTask<ApiAnswer> GetAsync(ApiCall call)
    {
        var demand = ReadDemand(call);
        return ConnectionName.ReadTokenQuery(call) is { } query ? await GetAsync(call, query, demand).ConfigureAwait(false) : call.Failure();
    }

    private async ValueTask<ApiAnswer> GetAsync(ApiCall call, TokenQuery query, TokenDemand demand)
    {
        call.MustReach(query.Integration, query.Tenant ?? "");
        return call.Failed
            ? call.Failure()
            : await AnswerAsync(call, await tokens.TryGetAsync(query, demand, call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async ValueTask<ApiAnswer> GetByIdAsync(ApiCall call)
    {
        var demand = ReadDemand(call);
        var query = ConnectionName.ReadQuery(call);
        if (call.Failed)
        {
            return call.Failure();
        }

        if (query is { } named)
        {
            return await GetAsync(call, named, demand).ConfigureAwait(false);
        }

        // Asked before the token is: nobody may cause a refresh of what their key does not reach.
        return ConnectionId.TryParse(call.Route("id"), out var id)
            && await tokens.KeyOfAsync(id, call.Cancelled).ConfigureAwait(false) is { } key && call.Caller.Reaches(key)
            ? await AnswerAsync(call, await tokens.TryGetAsync(id, demand, call.Cancelled).ConfigureAwait(false)).ConfigureAwait(false)
            : Problems.UnknownConnection(call.Route("id"));
    }

    private async ValueTask<ApiAnswer> RejectedAsync(ApiCall call)
    {
        var report = await call.BodyAsync<Wire.TokenRejection>().ConfigureAwait(false);
        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        if (report is { Status: < 100 or > 599 })
        {
            call.Mistakes.Add("status", "must be an HTTP status.");
        }

        if (call.Failed || found is null)
        {
            return call.Failed ? call.Failure() : problem!;
        }

        var aboutScopes = report!.Status == 403 || report.WwwAuthenticate?.Contains("insufficient_scope", StringComparison.OrdinalIgnoreCase) == true;
        var result = await tokens.RejectedAsync(found.Connection.Id, report.Version, aboutScopes, call.Cancelled).ConfigureAwait(false);
        return await AnswerAsync(call, result).ConfigureAwait(false);
    }

    private static TokenDemand ReadDemand(ApiCall call) => new(
        call.Get(MinValid) is { } least ? TimeSpan.FromSeconds(least) : null, call.Get(MaxWait) is { } most ? TimeSpan.FromSeconds(most) : null);

    private async ValueTask<ApiAnswer> AnswerAsync(ApiCall call, TokenResult result)
    {
        if (result.Token is not { } token)
        {
            return Problems.Of(result.Error!);
        }

        TokenWriter.Write(call.Http.Response, token, result.Warnings, time.GetUtcNow());
        await call.Http.Response.BodyWriter.FlushAsync(call.Cancelled).ConfigureAwait(false);
        return ApiAnswer.Written;
    }
}
