using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Providers;

namespace Rekindle.AspNetCore;

/// <summary>Integrations: the operator's OAuth clients, their policies and levers.</summary>
internal sealed class IntegrationEndpoints(IntegrationDirectory directory, IntegrationEditor editor, IntegrationProbe probe, TimeProvider time)
    : IApiEndpoints<IntegrationEndpoints>
{
    private const string List = "integrations";
    private const int MaxReason = 255;
    private const int DefaultRecovery = 3600;
    private const int LongestRecovery = 7200;

    private static readonly QueryParameter<string?> After = Cursor.Parameter(List);

    public static void Map(ApiRoutes<IntegrationEndpoints> routes)
    {
        routes.Get(
            "/v1/integrations",
            new("list_integrations", "Integrations of the key's environment")
            {
                Scope = ApiScopes.ConnectionsRead,
                Query = [CommonQuery.Limit, After],
                Answer = typeof(Wire.Page<Wire.Integration>),
            },
            static (e, call) => e.ListAsync(call));
        routes.Post(
            "/v1/integrations",
            new("create_integration", "Make an integration")
            {
                Scope = ApiScopes.Admin,
                AllTenants = true,
                Body = typeof(Wire.NewIntegration),
                Answer = typeof(Wire.Integration),
                Success = 201,
                Problems = [409],
                Idempotent = true,
            },
            static (e, call) => e.CreateAsync(call));
        routes.Get(
            "/v1/integrations/{key}",
            new("get_integration", "One integration") { Scope = ApiScopes.ConnectionsRead, Answer = typeof(Wire.Integration), Problems = [404] },
            static (e, call) => e.GetAsync(call));
        routes.Patch(
            "/v1/integrations/{key}",
            new("patch_integration", "Change an integration")
            {
                Description = "Absent fields stay. A new client secret of a misconfigured integration is tried at once.",
                Scope = ApiScopes.Admin,
                AllTenants = true,
                Body = typeof(Wire.PatchIntegration),
                Answer = typeof(Wire.Integration),
                Problems = [404, 409],
            },
            static (e, call) => e.PatchAsync(call));
        routes.Delete(
            "/v1/integrations/{key}",
            new("delete_integration", "Delete an integration that has no connections")
            {
                Scope = ApiScopes.Admin,
                AllTenants = true,
                Success = 204,
                Problems = [404, 409],
            },
            static (e, call) => e.DeleteAsync(call));
        MapLevers(routes);
    }

    private static void MapLevers(ApiRoutes<IntegrationEndpoints> routes)
    {
        var lever = new ApiOperation("", "")
        {
            Scope = ApiScopes.Admin,
            AllTenants = true,
            Answer = typeof(Wire.Integration),
            Problems = [404],
            BodyOptional = true,
            Idempotent = true,
        };
        routes.Post(
            "/v1/integrations/{key}/pause",
            lever with { Id = "pause_integration", Summary = "Stop refreshing; valid tokens are still served", Body = typeof(Wire.PauseIntegration) },
            static (e, call) => e.PauseAsync(call));
        routes.Post(
            "/v1/integrations/{key}/resume",
            lever with { Id = "resume_integration", Summary = "End a pause, a halt for misconfiguration, or a suspicion" },
            static (e, call) => e.ResumeAsync(call));
        routes.Post(
            "/v1/integrations/{key}/recovery",
            lever with
            {
                Id = "recover_integration",
                Summary = "Raise budget and slots for a while, to work off a backlog",
                Description = $"For {DefaultRecovery} s unless told, at most {LongestRecovery}; it ends by itself.",
                Body = typeof(Wire.RecoverIntegration),
            },
            static (e, call) => e.RecoverAsync(call));
        routes.Post(
            "/v1/integrations/{key}/test",
            new("test_integration", "Find out whether the provider accepts our client")
            {
                Description = "Sends one refresh with a token that cannot be valid: the provider's answer tells whether it knows our client. No connection is touched.",
                Scope = ApiScopes.Admin,
                AllTenants = true,
                Answer = typeof(Wire.IntegrationTest),
                Problems = [404],
            },
            static (e, call) => e.TestAsync(call));
    }

    private async ValueTask<ApiAnswer> ListAsync(ApiCall call)
    {
        var limit = call.Get(CommonQuery.Limit) ?? CommonQuery.DefaultLimit;
        var after = call.Get(After);
        if (call.Failed)
        {
            return call.Failure();
        }

        var all = await directory.AllAsync(call.Cancelled).ConfigureAwait(false);
        var rest = all.Where(e => e.Integration.Environment == call.Environment && call.Caller.ReachesIntegration(e.Integration.Key))
            .Where(e => after is null || string.CompareOrdinal(e.Integration.Key, after) > 0)
            .OrderBy(e => e.Integration.Key, StringComparer.Ordinal).Take(limit + 1).ToArray();
        return ApiAnswer.Ok(new Wire.Page<Wire.Integration>
        {
            Items = [.. rest.Take(limit).Select(e => IntegrationMapping.Of(e, time.GetUtcNow()))],
            NextCursor = rest.Length > limit ? Cursor.Of(List, rest[limit - 1].Integration.Key) : null,
        });
    }

    private async ValueTask<ApiAnswer> GetAsync(ApiCall call) => await FindAsync(call).ConfigureAwait(false) is { } entry
        ? ApiAnswer.Ok(IntegrationMapping.Of(entry, time.GetUtcNow()))
        : Unknown();

    private async ValueTask<ApiAnswer> CreateAsync(ApiCall call)
    {
        if (await call.BodyAsync<Wire.NewIntegration>().ConfigureAwait(false) is not { } body)
        {
            return call.Failure();
        }

        var draft = IntegrationMapping.Read(body, call.Mistakes) with { Provider = body.Provider };
        call.MustReach(body.Key);
        return call.Failed
            ? call.Failure()
            : Answer(await editor.CreateAsync(call.Environment, body.Key, draft, call.Actor, call.Cancelled).ConfigureAwait(false), call, created: true);
    }

    private async ValueTask<ApiAnswer> PatchAsync(ApiCall call)
    {
        if (await call.BodyAsync<Wire.PatchIntegration>().ConfigureAwait(false) is not { } body)
        {
            return call.Failure();
        }

        var draft = IntegrationMapping.Read(body, call.Mistakes);
        return call.Failed
            ? call.Failure()
            : await EditAsync(call, key => editor.ChangeAsync(call.Environment, key, draft, call.Actor, call.Cancelled)).ConfigureAwait(false);
    }

    private ValueTask<ApiAnswer> DeleteAsync(ApiCall call) =>
        EditAsync(call, key => editor.DeleteAsync(call.Environment, key, call.Actor, call.Cancelled));

    private async ValueTask<ApiAnswer> PauseAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.PauseIntegration>().ConfigureAwait(false);
        TextRules.Check("reason", body?.Reason, MaxReason, call.Mistakes);
        return call.Failed
            ? call.Failure()
            : await EditAsync(call, key => editor.PauseAsync(call.Environment, key, body?.Reason, call.Actor, call.Cancelled)).ConfigureAwait(false);
    }

    private ValueTask<ApiAnswer> ResumeAsync(ApiCall call) =>
        EditAsync(call, key => editor.ResumeAsync(call.Environment, key, call.Actor, call.Cancelled));

    private async ValueTask<ApiAnswer> RecoverAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.RecoverIntegration>().ConfigureAwait(false);
        var seconds = body?.Seconds ?? DefaultRecovery;
        if (seconds is < 0 or > LongestRecovery)
        {
            call.Mistakes.Add("seconds", $"must be from 0 to {LongestRecovery}.");
        }

        return call.Failed
            ? call.Failure()
            : await EditAsync(call, key => editor.RecoverAsync(call.Environment, key, TimeSpan.FromSeconds(seconds), call.Actor, call.Cancelled)).ConfigureAwait(false);
    }

    private async ValueTask<ApiAnswer> TestAsync(ApiCall call)
    {
        if (await FindAsync(call).ConfigureAwait(false) is not { } entry)
        {
            return Unknown();
        }

        var checks = await probe.TestAsync(entry, call.Actor, call.Cancelled).ConfigureAwait(false);
        return ApiAnswer.Ok(new Wire.IntegrationTest
        {
            Ok = checks.All(c => c.Result != ProbeResult.Failed),
            Checks = [.. checks.Select(c => new Wire.IntegrationCheck(c.Name, Storage.Names.Of(c.Result), c.Detail))],
        });
    }

    private async ValueTask<ApiAnswer> EditAsync(ApiCall call, Func<string, Task<IntegrationEdit>> edit) =>
        call.Caller.ReachesIntegration(call.Route("key")) ? Answer(await edit(call.Route("key")).ConfigureAwait(false), call) : Unknown();

    private async ValueTask<IntegrationEntry?> FindAsync(ApiCall call) => call.Caller.ReachesIntegration(call.Route("key"))
        ? await directory.FindAsync(call.Environment, call.Route("key"), call.Cancelled).ConfigureAwait(false)
        : null;

    private ApiAnswer Answer(IntegrationEdit edit, ApiCall call, bool created = false)
    {
        switch (edit)
        {
            case IntegrationEdit.Saved { Entry: var entry } when created:
                return ApiAnswer.Created(IntegrationMapping.Of(entry, time.GetUtcNow()), $"/v1/integrations/{entry.Integration.Key}");
            case IntegrationEdit.Saved saved:
                return ApiAnswer.Ok(IntegrationMapping.Of(saved.Entry, time.GetUtcNow()));
            case IntegrationEdit.Deleted:
                return ApiAnswer.NoContent;
            case IntegrationEdit.Invalid invalid:
                foreach (var (field, problem) in invalid.Mistakes)
                {
                    call.Mistakes.Add(field, problem);
                }

                return call.Failure();
            case IntegrationEdit.Exists:
                return Problems.Conflict("integration_exists", "Integration exists", "There is an integration of that key. Change it with PATCH, or choose another key.");
            case IntegrationEdit.InUse:
                return Problems.Conflict("integration_in_use", "Integration has connections", "Delete its connections first: POST /v1/connections:batch with action delete.");
            case IntegrationEdit.Contended:
                return Problems.Conflict("integration_contended", "Integration keeps changing", "Others changed it at the same time; nothing was changed. Try again.");
            default:
                return Unknown();
        }
    }

    private static ApiAnswer Unknown() => Problems.NotFound("unknown_integration", "There is no integration of that key in this environment.");
}
