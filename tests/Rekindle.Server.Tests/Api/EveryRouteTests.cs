using Microsoft.AspNetCore.Routing;
using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;

namespace Rekindle.Server.Tests.Api;

/// <summary>What holds for every route, asked of every route that is mapped: one that is added is asked too.</summary>
public sealed class EveryRouteTests(ApiServer server) : IClassFixture<ApiServer>
{
    private IEnumerable<(HttpMethod Method, string Pattern, ApiOperation Operation)> Routes =>
        from endpoint in server.Host.Endpoints
        let operation = endpoint.Metadata.GetMetadata<ApiOperation>()
        where operation is { Anonymous: false }
        from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
        select (new HttpMethod(method), endpoint.RoutePattern.RawText!, operation);

    [Fact]
    public async Task Without_a_key_there_is_nothing_but_401()
    {
        // An address that sends no key too often has to wait: each handful of routes asks a server that has heard nothing yet.
        foreach (var some in Routes.Chunk(AuthenticationFailures.Allowed))
        {
            await using var host = await ApiHost.StartAsync();
            foreach (var (method, pattern, _) in some)
            {
                var answer = await ApiHost.SendAsync(host.Client(null), method, Path(pattern));

                Assert.Equal((401, "missing_api_key", pattern), (answer.Status, answer.Code(), pattern));
            }
        }
    }

    [Fact]
    public async Task A_key_without_the_scope_is_refused_by_each()
    {
        foreach (var (method, pattern, operation) in Routes.Where(r => r.Operation.Scope is not null))
        {
            var others = ApiScopes.All.Where(s => s != operation.Scope && s != ApiScopes.Admin).ToArray();
            var answer = await ApiHost.SendAsync(await server.Host.ClientAsync(others), method, Path(pattern));

            Assert.Equal((403, "missing_scope", pattern), (answer.Status, answer.Code(), pattern));
        }
    }

    [Fact]
    public async Task A_query_parameter_that_is_not_known_is_named_by_each()
    {
        foreach (var (method, pattern, _) in Routes)
        {
            var answer = await ApiHost.SendAsync(server.Host.Admin, method, Path(pattern) + "?integraton=acme");

            Assert.Equal((422, "integraton", pattern), (answer.Status, string.Join(' ', answer.Fields()), pattern));
        }
    }

    [Fact]
    public async Task A_connection_of_another_environment_integration_or_tenant_does_not_exist_for_a_key()
    {
        var id = await server.Host.ImportAsync("hidden", tenant: "t1");
        HttpClient[] strangers =
        [
            await server.Host.ClientAsync([ApiScopes.Admin], environment: "sandbox"),
            await server.Host.ClientAsync([ApiScopes.Admin], integrations: ["other"]),
            await server.Host.ClientAsync([ApiScopes.Admin], tenants: ["t2"]),
        ];
        foreach (var (method, pattern, operation) in Routes.Where(r => r.Pattern.Contains("/connections/{id}", StringComparison.Ordinal)))
        {
            foreach (var stranger in strangers)
            {
                var answer = await ApiHost.SendAsync(stranger, method, Path(pattern, id), BodyOf(operation));

                Assert.Equal((404, "unknown_connection", pattern), (answer.Status, answer.Code(), pattern));
            }
        }
    }

    [Fact]
    public async Task Figures_of_a_whole_environment_are_not_for_a_limited_key()
    {
        var limited = await server.Host.ClientAsync([ApiScopes.Admin], tenants: ["t1"]);
        foreach (var (method, pattern, _) in Routes.Where(r => r.Operation.WholeEnvironment))
        {
            var answer = await ApiHost.SendAsync(limited, method, Path(pattern));

            Assert.Equal((403, "key_limited", pattern), (answer.Status, answer.Code(), pattern));
        }
    }

    [Fact]
    public async Task A_body_with_an_unknown_field_or_of_a_wrong_type_is_named_and_changes_nothing()
    {
        foreach (var (method, pattern, operation) in Routes.Where(r => r.Operation.Body is not null))
        {
            var unknown = await ApiHost.SendAsync(server.Host.Admin, method, Path(pattern), new { no_such_field = 1 });
            Assert.Equal((422, pattern), (unknown.Status, pattern));
            Assert.Contains("no_such_field", unknown.Fields());

            var list = await ApiHost.SendAsync(server.Host.Admin, method, Path(pattern), new[] { 1 });
            Assert.Equal((422, pattern), (list.Status, pattern));
        }
    }

    [Fact]
    public async Task Nothing_may_be_cached()
    {
        foreach (var (method, pattern, _) in Routes.Where(r => r.Method == HttpMethod.Get && r.Operation.AnswerType == "application/json"))
        {
            using var request = new HttpRequestMessage(method, Path(pattern));
            using var answer = await server.Host.Admin.SendAsync(request);

            Assert.Equal((true, pattern), (answer.Headers.CacheControl?.NoStore ?? false, pattern));
        }
    }

    private static string Path(string pattern, string id = "con_0000000000000") => pattern
        .Replace("{id}", id, StringComparison.Ordinal).Replace("{key}", "none", StringComparison.Ordinal).Replace("{name}", "none", StringComparison.Ordinal);

    private static object? BodyOf(ApiOperation operation) => operation.Id switch
    {
        "report_rejected_token" => new { version = 1 },
        "simulate_failure" => new { kind = "network" },
        "put_dependent" => new { label = "x" },
        "patch_connection" => new { label = "x" },
        _ => null,
    };
}
