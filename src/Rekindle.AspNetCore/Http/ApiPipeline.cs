using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Rekindle.ApiKeys;
using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.AspNetCore.Http;

/// <summary>What happens around every endpoint: who calls, may they, is the query known; and what became of it, into the log.</summary>
internal sealed class ApiPipeline(ApiAuthentication authentication, Idempotency idempotency, TimeProvider time, ILogger<ApiPipeline> logger)
{
    public async Task RunAsync(HttpContext http, ApiOperation operation, Func<ApiCall, ValueTask<ApiAnswer>> endpoint)
    {
        var started = time.GetTimestamp();
        http.Response.Headers.CacheControl = "no-store";
        var (caller, answer) = await AnswerAsync(http, operation, endpoint).ConfigureAwait(false);
        if (answer is not null && !http.Response.HasStarted)
        {
            await WriteAsync(http, answer).ConfigureAwait(false);
        }

        Log(http, operation, caller, answer, started);
    }

    private async ValueTask<(Caller?, ApiAnswer?)> AnswerAsync(HttpContext http, ApiOperation operation, Func<ApiCall, ValueTask<ApiAnswer>> endpoint)
    {
        Caller? caller = null;
        try
        {
            (caller, var refusal) = await authentication.AuthenticateAsync(http).ConfigureAwait(false);
            return (caller, refusal ?? Forbidden(operation, caller!) ?? await CallAsync(new ApiCall(http, operation, caller!), endpoint).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return (caller, null);
        }
        catch (StoreException e)
        {
            logger.StoreAway(http.Request.Method, TemplateOf(http), e.Message);
            return (caller, Problems.StoreAway);
        }
        catch (FrozenException e)
        {
            return (caller, Problems.Frozen(e));
        }
        catch (BadHttpRequestException e)
        {
            return (caller, Problems.OfBadRequest(e));
        }
        catch (Exception e)
        {
            logger.RequestBroke(e, http.Request.Method, TemplateOf(http), http.TraceIdentifier);
            return (caller, Problems.Internal(http.TraceIdentifier));
        }
    }

    private static ApiAnswer? Forbidden(ApiOperation operation, Caller caller) =>
        operation.Scope is { } scope && !caller.Has(scope) ? Problems.MissingScope(scope)
        : operation.WholeEnvironment && caller.IsLimited ? Problems.KeyLimitedToParts
        : operation.AllTenants && caller.Tenants is not null ? Problems.KeyLimitedToTenants
        : null;

    private async ValueTask<ApiAnswer> CallAsync(ApiCall call, Func<ApiCall, ValueTask<ApiAnswer>> endpoint)
    {
        call.CheckQuery();
        return call.Failed ? call.Failure()
            : call.Operation.Idempotent ? await idempotency.RunAsync(call, endpoint).ConfigureAwait(false)
            : await endpoint(call).ConfigureAwait(false);
    }

    private static async Task WriteAsync(HttpContext http, ApiAnswer answer)
    {
        if (answer.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        try
        {
            await answer.WriteAsync(http).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to read it.
        }
    }

    // Route templates only: paths and queries carry ids of people, links and codes (I13).
    private static string TemplateOf(HttpContext http) => (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "?";

    private void Log(HttpContext http, ApiOperation operation, Caller? caller, ApiAnswer? answer, long started)
    {
        var status = answer?.Status ?? 499;
        var level = status >= 400 || !(operation.Quiet || HttpMethods.IsGet(http.Request.Method)) ? LogLevel.Information : LogLevel.Debug;
        if (logger.IsEnabled(level))
        {
            logger.Request(
                level, http.Request.Method, TemplateOf(http), status, answer?.Code, caller?.KeyId, time.GetElapsedTime(started).TotalMilliseconds);
        }
    }
}
