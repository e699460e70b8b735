using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Encryption;

namespace Rekindle.AspNetCore;

/// <summary>API keys: make, list, rotate, end. A key is told once, in the answer that made it.</summary>
internal sealed class ApiKeyEndpoints(ApiKeyIssuer issuer, TimeProvider time) : IApiEndpoints<ApiKeyEndpoints>
{
    private const string List = "api-keys";
    private const int DefaultOverlap = 86_400;

    private static readonly QueryParameter<string?> After = Cursor.Parameter(List);

    public static void Map(ApiRoutes<ApiKeyEndpoints> routes)
    {
        routes.Get(
            "/v1/api-keys",
            new("list_api_keys", "API keys of the environment, newest first")
            {
                Scope = ApiScopes.Admin,
                Query = [CommonQuery.Limit, After],
                Answer = typeof(Wire.Page<Wire.ApiKey>),
            },
            static (e, call) => e.ListAsync(call));
        routes.Post(
            "/v1/api-keys",
            new("create_api_key", "Make an API key")
            {
                Description = "It reaches no further and lives no longer than the key that makes it. The key itself is in this answer and nowhere else.",
                Scope = ApiScopes.Admin,
                Body = typeof(Wire.NewApiKey),
                Answer = typeof(Wire.ApiKey),
                Success = 201,
                Idempotent = true,
            },
            static (e, call) => e.CreateAsync(call));
        routes.Get(
            "/v1/api-keys/{id}",
            new("get_api_key", "One API key") { Scope = ApiScopes.Admin, Answer = typeof(Wire.ApiKey), Problems = [404] },
            static (e, call) => e.GetAsync(call));
        routes.Post(
            "/v1/api-keys/{id}/rotate",
            new("rotate_api_key", "Make a key that can do what this one can, and let this one end after an overlap")
            {
                Description = "It lives as long as this one was meant to, never longer than the key that makes it. A key that ends can therefore not rotate itself.",
                Scope = ApiScopes.Admin,
                Body = typeof(Wire.RotateApiKey),
                BodyOptional = true,
                Answer = typeof(Wire.ApiKey),
                Success = 201,
                Problems = [404, 409],
                Idempotent = true,
            },
            static (e, call) => e.RotateAsync(call));
        routes.Delete(
            "/v1/api-keys/{id}",
            new("revoke_api_key", "End an API key now") { Scope = ApiScopes.Admin, Success = 204, Problems = [404] },
            static (e, call) => e.RevokeAsync(call));
    }

    private async ValueTask<ApiAnswer> ListAsync(ApiCall call)
    {
        var limit = call.Get(CommonQuery.Limit) ?? CommonQuery.DefaultLimit;
        var after = call.Get(After);
        if (call.Failed)
        {
            return call.Failure();
        }

        var all = await issuer.ListAsync(call.Caller, call.Cancelled).ConfigureAwait(false);
        var rest = all.SkipWhile(k => after is not null && k.Id != after).Skip(after is null ? 0 : 1).Take(limit + 1).ToArray();
        return ApiAnswer.Ok(new Wire.Page<Wire.ApiKey>
        {
            Items = [.. rest.Take(limit).Select(k => ToWire(k))],
            NextCursor = rest.Length > limit ? Cursor.Of(List, rest[limit - 1].Id) : null,
        });
    }

    private async ValueTask<ApiAnswer> CreateAsync(ApiCall call)
    {
        if (await call.BodyAsync<Wire.NewApiKey>().ConfigureAwait(false) is not { } body)
        {
            return call.Failure();
        }

        TextRules.Check("name", body.Name, TextRules.MaxLabel, call.Mistakes, required: true);
        TextRules.CheckList("integrations", body.Integrations, TextRules.MaxEntries, call.Mistakes);
        TextRules.CheckList("tenants", body.Tenants, TextRules.MaxLimits, call.Mistakes);
        TextRules.CheckList("scopes", body.Scopes, TextRules.MaxEntries, call.Mistakes);
        if (call.Failed)
        {
            return call.Failure();
        }

        var caller = call.Caller;
        var wish = new NewApiKey(
            body.Name, body.Scopes, body.Integrations ?? [.. caller.Integrations ?? []], body.Tenants ?? [.. caller.Tenants ?? []],
            body.ExpiresAt?.ToUniversalTime() ?? caller.Key.ExpiresAt);
        foreach (var (field, problem) in ApiKeyIssuer.Mistakes(wish, caller, time.GetUtcNow()))
        {
            call.Mistakes.Add(field, problem);
        }

        return call.Failed ? call.Failure() : Made(await issuer.MintAsync(wish, caller, call.Cancelled).ConfigureAwait(false));
    }

    private async ValueTask<ApiAnswer> GetAsync(ApiCall call) =>
        await issuer.FindAsync(call.Route("id"), call.Caller, call.Cancelled).ConfigureAwait(false) is { } key ? ApiAnswer.Ok(ToWire(key)) : Unknown();

    private async ValueTask<ApiAnswer> RotateAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.RotateApiKey>().ConfigureAwait(false);
        var overlap = body?.OverlapSeconds ?? DefaultOverlap;
        if (overlap < 0 || overlap > ApiKeyIssuer.LongestOverlap.TotalSeconds)
        {
            call.Mistakes.Add("overlap_seconds", $"must be from 0 to {ApiKeyIssuer.LongestOverlap.TotalSeconds:0}.");
        }

        if (call.Failed)
        {
            return call.Failure();
        }

        if (await issuer.FindAsync(call.Route("id"), call.Caller, call.Cancelled).ConfigureAwait(false) is { } old && !ApiKeyIssuer.MayRotate(old, call.Caller))
        {
            return Problems.Conflict(
                "rotation_would_not_renew", "Your key ends too soon",
                $"The new key could not live longer than yours, which ends {call.Caller.Key.ExpiresAt:O}, and would end no later than the old one. Rotate with a key that "
                + "lives longer. For another secret with the same end: POST /v1/api-keys, then revoke the old key.");
        }

        return await issuer.RotateAsync(call.Route("id"), TimeSpan.FromSeconds(overlap), call.Caller, call.Cancelled).ConfigureAwait(false) is { } made
            ? Made(made)
            : Unknown();
    }

    private async ValueTask<ApiAnswer> RevokeAsync(ApiCall call) =>
        await issuer.RevokeAsync(call.Route("id"), call.Caller, call.Cancelled).ConfigureAwait(false) ? ApiAnswer.NoContent : Unknown();

    private ApiAnswer Made((Storage.ApiKey Stored, Secret Key) made) =>
        ApiAnswer.Created(ToWire(made.Stored) with { Key = made.Key.Reveal() }, $"/v1/api-keys/{made.Stored.Id}");

    private Wire.ApiKey ToWire(Storage.ApiKey k) => new()
    {
        Id = k.Id,
        Environment = k.Environment,
        Name = k.Name,
        Scopes = k.Scopes,
        Integrations = k.Integrations,
        Tenants = k.Tenants,
        CreatedAt = k.CreatedAt,
        ExpiresAt = k.ExpiresAt,
        Active = !(k.ExpiresAt <= time.GetUtcNow()),
        CreatedBy = k.CreatedBy,
    };

    private static ApiAnswer Unknown() => Problems.NotFound("unknown_api_key", "There is no live API key of that id that your key could manage.");
}
