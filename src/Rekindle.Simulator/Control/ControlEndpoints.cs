using System.Text.Json.Nodes;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Control;

/// <summary>A server as the control API shows it.</summary>
internal sealed record ServerView(
    string Name, Uri Issuer, Uri TokenEndpoint, Uri RefreshEndpoint, Uri ApiEndpoint, Personality Personality);

/// <summary>A client as the control API shows it: without its secrets.</summary>
internal sealed record ClientView(string Id, IReadOnlyList<string> RedirectUris);

/// <summary>A client's secrets and addresses.</summary>
internal sealed record ClientRequest(IReadOnlyList<string> Secrets, IReadOnlyList<string> RedirectUris);

/// <summary>What to issue: one grant of the subject, or several of <c>{subject}-1</c> ….</summary>
internal sealed record GrantRequest(
    string Subject = "user",
    IReadOnlyList<string>? Scopes = null,
    TimeSpan? AccessTokenLifetime = null,
    string? ClientId = null,
    int? Count = null);

/// <summary>Why a grant ends.</summary>
internal sealed record RevokeRequest(GrantEnd Reason = GrantEnd.RevokedByUser);

/// <summary>The scopes that remain.</summary>
internal sealed record NarrowRequest(IReadOnlyList<string> Scopes);

/// <summary>
/// The control API under <c>/_control</c>: what <see cref="AuthorizationServer"/> offers in process, for other processes.
/// It asks for no credentials; the simulator listens on the loopback interface unless told otherwise.
/// </summary>
internal static class ControlEndpoints
{
    private const string ServerPath = "/servers/{name}";

    public static void Map(IEndpointRouteBuilder routes, SimulatorHost host)
    {
        var control = new ControlRoutes(routes, host);
        MapServers(control);
        MapFaults(control);
        MapGrants(control);
        HistoryEndpoints.Map(control);
    }

    private static void MapServers(ControlRoutes control)
    {
        control.Get("/presets", _ => Presets.All.OrderBy(preset => preset.Key).ToDictionary(preset => preset.Key, preset => preset.Value));
        control.Get("/servers", request => request.Host.Servers.Values.OrderBy(server => server.Name).Select(View));
        control.Get(ServerPath, request => View(request.Server));
        control.Do<JsonObject>("PUT", ServerPath, (request, settings) =>
            View(request.Host.AddServer(request.Path("name"), Compose(settings))));
        control.Do<JsonObject>("PATCH", ServerPath, (request, changes) => Change(request.Server, changes));
        control.Do<ConsentPolicy>("PUT", $"{ServerPath}/consent", (request, policy) => request.Server.Consent = policy);
        control.Get($"{ServerPath}/clients", request => request.Server.Clients.Select(View));
        control.Do<ClientRequest>("PUT", $"{ServerPath}/clients/{{id}}", (request, client) => Register(request, client));
    }

    private static void MapFaults(ControlRoutes control)
    {
        control.Get($"{ServerPath}/faults", request => request.Server.Faults.Active);
        control.Do<Fault>("POST", $"{ServerPath}/faults", (request, fault) => request.Server.Faults.Add(fault));
        control.Do("DELETE", $"{ServerPath}/faults", request => request.Server.Faults.Clear());
        control.Do("DELETE", $"{ServerPath}/faults/{{id}}", request => request.Server.Faults.Require(request.Path("id")).Remove());
    }

    private static void MapGrants(ControlRoutes control)
    {
        const string GrantPath = $"{ServerPath}/grants/{{id}}";
        control.Get($"{ServerPath}/grants", request => request.Server.Grants);
        control.Do<GrantRequest>("POST", $"{ServerPath}/grants", (request, what) => Issue(request.Server, what));
        control.Get(GrantPath, request => request.Server.FindGrant(request.Path("id"))
            ?? throw new ArgumentException($"There is no grant '{request.Path("id")}'."));
        control.Do<RevokeRequest>("POST", $"{GrantPath}/revoke", (request, why) => Done(() =>
            request.Server.Revoke(request.Path("id"), why.Reason)));
        control.Do("POST", $"{GrantPath}/revoke-family", request => request.Server.RevokeFamily(request.Path("id")));
        control.Do("POST", $"{GrantPath}/kill-access-tokens", request => request.Server.KillAccessTokens(request.Path("id")));
        control.Do<NarrowRequest>("POST", $"{GrantPath}/narrow", (request, what) => Done(() =>
            request.Server.NarrowScopes(request.Path("id"), what.Scopes)));
        control.Do<RevokeRequest>("POST", $"{ServerPath}/subjects/{{subject}}/revoke", (request, why) => Done(() =>
            request.Server.RevokeSubject(request.Path("subject"), why.Reason)));
    }

    // {"preset": "strict", …changes}; without a preset the changes are to "plain".
    private static Personality Compose(JsonObject settings)
    {
        var preset = settings["preset"]?.GetValue<string>() ?? "plain";
        settings.Remove("preset");
        return Presets.All.TryGetValue(preset, out var personality)
            ? ControlJson.Merge(personality, settings)
            : throw new ArgumentException($"There is no preset '{preset}'.");
    }

    private static ServerView Change(AuthorizationServer server, JsonObject changes)
    {
        server.Personality = ControlJson.Merge(server.Personality, changes);
        return View(server);
    }

    private static ClientView Register(ControlRequest request, ClientRequest what)
    {
        var client = new RegisteredClient { Id = request.Path("id"), Secrets = what.Secrets, RedirectUris = what.RedirectUris };
        request.Server.RegisterClient(client);
        return View(client);
    }

    private static IReadOnlyList<IssuedGrant> Issue(AuthorizationServer server, GrantRequest what) => what.Count is { } count
        ? server.IssueGrants(count, i => $"{what.Subject}-{i}", what.Scopes, what.AccessTokenLifetime, what.ClientId)
        : [server.IssueGrant(what.Subject, what.Scopes, what.AccessTokenLifetime, what.ClientId)];

    private static ServerView View(AuthorizationServer server) => new(
        server.Name, server.Issuer, server.TokenEndpoint, server.RefreshEndpoint, server.ApiEndpoint, server.Personality);

    private static ClientView View(RegisteredClient client) => new(client.Id, client.RedirectUris);

    private static object? Done(Action action)
    {
        action();
        return null;
    }
}
