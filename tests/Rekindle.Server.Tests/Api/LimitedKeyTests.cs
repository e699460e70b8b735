using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;

namespace Rekindle.Server.Tests.Api;

/// <summary>
/// Every operation, asked about what belongs to tenant <c>t1</c> of <c>acme</c>, by an admin key of another tenant and by one of
/// another integration. An operation that is added has to be added here.
/// </summary>
public sealed class LimitedKeyTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Ok = "200";
    private const string Limited = "403 key_limited";
    private const string NoConnection = "404 unknown_connection";
    private const string NoIntegration = "404 unknown_integration";
    private const string NoKey = "404 unknown_api_key";
    private const string NoSession = "404 unknown_session";
    private const string NoAttempt = "404 unknown_attempt";

    private static readonly Dictionary<string, (string OtherTenant, string OtherIntegration)> Expected = new()
    {
        ["batch_connections"] = (Limited, Limited),
        ["break_lease"] = (NoConnection, NoConnection),
        ["clear_backoff"] = (NoConnection, NoConnection),
        ["compare_attempts"] = (NoAttempt, NoAttempt),
        ["complete_connect_session"] = (NoSession, NoSession),
        ["create_api_key"] = ("422 invalid_request", "422 invalid_request"),
        ["create_connect_session"] = (Limited, Limited),
        ["create_integration"] = (Limited, Limited),
        ["create_reconnect_link"] = (NoConnection, NoConnection),
        ["delete_connection"] = (NoConnection, NoConnection),
        ["delete_dependent"] = (NoConnection, NoConnection),
        ["delete_integration"] = (Limited, NoIntegration),
        ["disable_connection"] = (NoConnection, NoConnection),
        ["enable_connection"] = (NoConnection, NoConnection),
        ["get_api_key"] = (NoKey, NoKey),
        ["get_attempt"] = (NoAttempt, NoAttempt),
        ["get_capacity"] = (Limited, Limited),
        ["get_connect_session"] = (NoSession, NoSession),
        ["get_connection"] = (NoConnection, NoConnection),
        ["get_connection_token"] = (NoConnection, NoConnection),
        ["get_integration"] = (Ok, NoIntegration),
        ["get_provider"] = (Ok, Ok),
        ["get_summary"] = (Limited, Limited),
        ["get_token"] = (Limited, Limited),
        ["import_connection"] = (Limited, Limited),
        ["get_metrics"] = (Limited, Limited),
        ["list_alerts"] = (Limited, Limited),
        ["list_api_keys"] = (Ok, Ok),
        ["list_attempts"] = (Limited, Limited),
        ["list_audit"] = (Limited, Limited),
        ["list_connection_dependents"] = (NoConnection, NoConnection),
        ["list_connections"] = (Limited, Limited),
        ["list_dependents"] = (Ok, Ok),
        ["list_integrations"] = (Ok, Ok),
        ["list_leases"] = (Ok, Ok),
        ["list_notifications"] = (Ok, Ok),
        ["list_providers"] = (Ok, Ok),
        ["list_workers"] = (Limited, Limited),
        ["patch_connection"] = (NoConnection, NoConnection),
        ["patch_integration"] = (Limited, NoIntegration),
        ["pause_integration"] = (Limited, NoIntegration),
        ["put_dependent"] = (NoConnection, NoConnection),
        ["recover_integration"] = (Limited, NoIntegration),
        ["refresh_connection"] = (NoConnection, NoConnection),
        ["report_rejected_token"] = (NoConnection, NoConnection),
        ["require_reauthorization"] = (NoConnection, NoConnection),
        ["resume_integration"] = (Limited, NoIntegration),
        ["retry_connection"] = (NoConnection, NoConnection),
        ["revoke_api_key"] = (NoKey, NoKey),
        ["revoke_connection"] = (NoConnection, NoConnection),
        ["rotate_api_key"] = (NoKey, NoKey),
        ["run_heartbeat"] = (Limited, Limited),
        ["run_heartbeat_by_get"] = (Limited, Limited),
        ["simulate_failure"] = (NoConnection, NoConnection),
        ["stream_attempts"] = (Limited, Limited),
        ["take_over_connection"] = (NoConnection, NoConnection),
        ["test_integration"] = (Limited, NoIntegration),
    };

    private static readonly Dictionary<string, object> Bodies = new()
    {
        ["batch_connections"] = new { action = "disable", selector = new { integration = "acme", tenant = "t1" } },
        ["complete_connect_session"] = new { code = "x" },
        ["create_api_key"] = new { name = "x", scopes = (string[])["admin"], integrations = (string[])["acme"], tenants = (string[])["t1"] },
        ["create_connect_session"] = new { integration = "acme", subject = "hidden", tenant = "t1" },
        ["create_integration"] = new { key = "mine", provider = "sim-acme", client_id = "x" },
        ["import_connection"] = new { integration = "acme", subject = "hidden", tenant = "t1", access_token = "x" },
        ["patch_connection"] = new { label = "x" },
        ["patch_integration"] = new { variables = new { token_url = "https://elsewhere.example/token" } },
        ["put_dependent"] = new { label = "x" },
        ["report_rejected_token"] = new { version = 1 },
        ["simulate_failure"] = new { kind = "network" },
    };

    private static readonly Dictionary<string, string> Queries = new()
    {
        ["list_attempts"] = "?integration=acme&tenant=t1",
        ["list_connections"] = "?integration=acme&tenant=t1",
        ["stream_attempts"] = "?integration=acme&tenant=t1",
        ["get_token"] = "?integration=acme&tenant=t1&subject=hidden",
    };

    [Fact]
    public async Task Each_operation_answers_a_limited_key_as_the_table_says()
    {
        var paths = await HiddenThingsAsync();
        var otherTenant = await server.Host.ClientAsync([ApiScopes.Admin], tenants: ["t2"]);
        var otherIntegration = await server.Host.ClientAsync([ApiScopes.Admin], integrations: ["other"]);

        var answers = new SortedDictionary<string, (string, string)>(StringComparer.Ordinal);
        foreach (var endpoint in server.Host.Endpoints)
        {
            if (endpoint.Metadata.GetMetadata<ApiOperation>() is not { Anonymous: false } operation)
            {
                continue;
            }

            var method = new HttpMethod(endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods[0]);
            var path = paths(endpoint.RoutePattern.RawText!) + Queries.GetValueOrDefault(operation.Id, operation.Id == "compare_attempts" ? $"?with={Guid.NewGuid()}" : "");
            answers[operation.Id] = (
                Said(await ApiHost.SendAsync(otherTenant, method, path, Bodies.GetValueOrDefault(operation.Id))),
                Said(await ApiHost.SendAsync(otherIntegration, method, path, Bodies.GetValueOrDefault(operation.Id))));
        }

        Assert.Equal(new SortedDictionary<string, (string, string)>(Expected, StringComparer.Ordinal), answers);
    }

    [Fact]
    public async Task A_key_of_one_tenant_cannot_redirect_the_tokens_of_another()
    {
        var limited = await server.Host.ClientAsync([ApiScopes.Admin], tenants: ["t1"]);
        var before = (await ApiHost.GetAsync(server.Host.Admin, "/v1/integrations/acme")).Body.ToString();

        var answer = await ApiHost.SendAsync(
            limited, HttpMethod.Patch, "/v1/integrations/acme", new { variables = new { token_url = "https://elsewhere.example/token" }, display_name = "Mine" });

        Assert.Equal((403, "key_limited"), (answer.Status, answer.Code()));
        Assert.Equal(before, (await ApiHost.GetAsync(server.Host.Admin, "/v1/integrations/acme")).Body.ToString());
    }

    /// <summary>Makes one of each kind for tenant t1 of acme; returns how a route's pattern becomes the path of it.</summary>
    private async Task<Func<string, string>> HiddenThingsAsync()
    {
        var admin = server.Host.Admin;
        var connection = await server.Host.ImportAsync("hidden", tenant: "t1");
        await ApiHost.PostAsync(admin, $"/v1/connections/{connection}/refresh", new { capture = true });
        var attempt = (await ApiHost.GetAsync(admin, $"/v1/attempts?connection={connection}")).Items()[0].Text("id");
        var key = (await ApiHost.PostAsync(admin, "/v1/api-keys", new { name = "x", scopes = (string[])["admin"] })).Body.Text("id");
        var session = (await ApiHost.PostAsync(admin, "/v1/connect-sessions", new { integration = "acme", subject = "hidden", tenant = "t1", completion = "auto" })).Body.Text("id");
        var ids = new Dictionary<string, string> { ["api-keys"] = key, ["attempts"] = attempt, ["connect-sessions"] = session, ["connections"] = connection, ["leases"] = connection };
        return pattern => pattern
            .Replace("{id}", ids.GetValueOrDefault(pattern.Split('/').ElementAtOrDefault(2) ?? "", ""), StringComparison.Ordinal)
            .Replace("{key}", pattern.Contains("providers", StringComparison.Ordinal) ? "sim-acme" : "acme", StringComparison.Ordinal)
            .Replace("{name}", "none", StringComparison.Ordinal);
    }

    private static string Said((int Status, JsonElement Body) answer) => answer.Status < 300 ? $"{answer.Status}" : $"{answer.Status} {answer.Code()}";
}
