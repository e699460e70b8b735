using Rekindle.AspNetCore.Http;
using Rekindle.Providers;

namespace Rekindle.AspNetCore;

/// <summary>The catalogue, to look at.</summary>
internal sealed class ProviderEndpoints(ProviderCatalogue catalogue) : IApiEndpoints<ProviderEndpoints>
{
    private const string List = "providers";

    private static readonly QueryParameter<string?> After = Cursor.Parameter(List);

    public static void Map(ApiRoutes<ProviderEndpoints> routes)
    {
        routes.Get(
            "/v1/providers",
            new("list_providers", "The catalogue of providers") { Query = [CommonQuery.Limit, After], Answer = typeof(Wire.Page<Wire.Provider>) },
            static (e, call) => new(e.ListAll(call)));
        routes.Get(
            "/v1/providers/{key}",
            new("get_provider", "One provider") { Answer = typeof(Wire.Provider), Problems = [404] },
            static (e, call) => new(e.Get(call)));
    }

    private ApiAnswer ListAll(ApiCall call)
    {
        var limit = call.Get(CommonQuery.Limit) ?? CommonQuery.DefaultLimit;
        var after = call.Get(After);
        if (call.Failed)
        {
            return call.Failure();
        }

        var rest = catalogue.All.Where(p => after is null || string.CompareOrdinal(p.Key, after) > 0).Take(limit + 1).ToArray();
        return ApiAnswer.Ok(new Wire.Page<Wire.Provider>
        {
            Items = [.. rest.Take(limit).Select(ProviderMapping.Of)],
            NextCursor = rest.Length > limit ? Cursor.Of(List, rest[limit - 1].Key) : null,
        });
    }

    private ApiAnswer Get(ApiCall call) => catalogue.Find(call.Route("key")) is { } provider
        ? ApiAnswer.Ok(ProviderMapping.Of(provider))
        : Problems.NotFound("unknown_provider", "The catalogue has no provider of that key. GET /v1/providers lists what it has.");
}
