using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Connect;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.AspNetCore.Connect;

/// <summary>Links for connecting and reconnecting, what became of them, and their completion.</summary>
internal sealed class ConnectSessionEndpoints(ConnectSessions sessions, ConnectCompletion completion, ConnectionName names, ConnectSite sites)
    : IApiEndpoints<ConnectSessionEndpoints>
{
    public static void Map(ApiRoutes<ConnectSessionEndpoints> routes)
    {
        routes.Post(
            "/v1/connect-sessions",
            new("create_connect_session", "Make a link with which a person connects an account")
            {
                Scope = ApiScopes.ConnectionsConnect,
                Body = typeof(Wire.CreateConnectSession),
                Answer = typeof(Wire.ConnectSession),
                Success = 201,
                Problems = [404, 409],
                Idempotent = true,
            },
            static (e, call) => e.CreateAsync(call));
        routes.Get(
            "/v1/connect-sessions/{id}",
            new("get_connect_session", "What became of a link")
            {
                Scope = ApiScopes.ConnectionsConnect,
                Answer = typeof(Wire.ConnectSession),
                Problems = [404],
            },
            static (e, call) => e.GetAsync(call));
        routes.Post(
            "/v1/connect-sessions/{id}/complete",
            new("complete_connect_session", "Complete a connection with the code that the browser brought back")
            {
                Description = "First see that the user who is signed in with you, in the browser that came back, is the session's subject.",
                Scope = ApiScopes.ConnectionsConnect,
                Body = typeof(Wire.CompleteConnectSession),
                Answer = typeof(Wire.ConnectSession),
                Problems = [404, 409],
                Idempotent = true,
            },
            static (e, call) => e.CompleteAsync(call));
        routes.Post(
            "/v1/connections/{id}/reconnect-link",
            new("create_reconnect_link", "Make a link with which a person lets the same connection live again")
            {
                Scope = ApiScopes.ConnectionsConnect,
                Body = typeof(Wire.CreateReconnectLink),
                BodyOptional = true,
                Answer = typeof(Wire.ConnectSession),
                Success = 201,
                Problems = [404, 409],
                Idempotent = true,
            },
            static (e, call) => e.ReconnectAsync(call));
    }

    private async ValueTask<ApiAnswer> CreateAsync(ApiCall call)
    {
        if (await call.BodyAsync<Wire.CreateConnectSession>().ConfigureAwait(false) is not { } body)
        {
            return call.Failure();
        }

        var integration = body.Integration ?? (call.Caller.Integrations is { Count: 1 } one ? one.First() : null);
        if (integration is null && call.Caller.Integrations is not null)
        {
            call.Mistakes.Add("integration", "is required: the API key is limited to some integrations.");
        }

        var auto = ReadCompletion(body.Completion, call);
        call.MustReach(integration ?? "", body.Tenant ?? "");
        if (call.Failed)
        {
            return call.Failure();
        }

        var result = await sessions.CreateAsync(
            new ConnectRequest
            {
                Actor = call.Actor,
                Environment = call.Environment,
                Integration = integration,
                Tenant = body.Tenant ?? "",
                Subject = body.Subject,
                Purpose = body.Purpose is { Length: > 0 } purpose ? purpose : ConnectionKey.DefaultPurpose,
                Account = body.Account ?? "",
                Metadata = body.Metadata ?? Connection.Empty,
                Variables = body.Variables ?? Connection.Empty,
                ReturnUrl = body.ReturnUrl,
                ClientReference = body.ClientReference,
                AutoComplete = auto,
            },
            call.Cancelled).ConfigureAwait(false);
        return Answer(result, call);
    }

    private async ValueTask<ApiAnswer> ReconnectAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.CreateReconnectLink>().ConfigureAwait(false) ?? new Wire.CreateReconnectLink();
        var auto = ReadCompletion(body.Completion, call);
        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        if (call.Failed || found is null)
        {
            return call.Failed ? call.Failure() : problem!;
        }

        var request = new ReconnectRequest
        {
            ReturnUrl = body.ReturnUrl,
            ClientReference = body.ClientReference,
            AutoComplete = auto,
            Lifetime = body.ExpiresIn is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        return Answer(await sessions.CreateReconnectAsync(found.Connection.Id, request, call.Actor, call.Cancelled).ConfigureAwait(false), call);
    }

    private async ValueTask<ApiAnswer> GetAsync(ApiCall call) =>
        await FindAsync(call).ConfigureAwait(false) is { } session ? ApiAnswer.Ok(ToWire(session)) : UnknownSession;

    private async ValueTask<ApiAnswer> CompleteAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.CompleteConnectSession>().ConfigureAwait(false);
        if (call.Failed || body is null)
        {
            return call.Failure();
        }

        if (await FindAsync(call).ConfigureAwait(false) is not { } session)
        {
            return UnknownSession;
        }

        var result = await completion.CompleteAsync(call.Environment, session.Id, body.Code, call.Actor, call.Cancelled).ConfigureAwait(false);
        return result switch
        {
            CompletionResult.Completed(var done) => ApiAnswer.Ok(ToWire(done)),
            CompletionResult.Refused(CompletionRefusal.UnknownSession, _) => UnknownSession,
            CompletionResult.Refused(var reason, var message) => Problems.Conflict(Names.Of(reason), "Connection not completed", message, session.ConnectionId),
            _ => throw new InvalidOperationException($"Unknown result {result.GetType().Name}."),
        };
    }

    private static ApiAnswer UnknownSession => Problems.NotFound("unknown_session", "There is no such connect session.");

    // What a caller's key does not reach does not exist for it.
    private async Task<ConnectSession?> FindAsync(ApiCall call) =>
        await sessions.FindAsync(call.Environment, call.Route("id"), call.Cancelled).ConfigureAwait(false) is { } session
        && call.Caller.ReachesTenant(session.Tenant) && call.Caller.ReachesIntegration(session.Integration ?? "")
            ? session
            : null;

    private static bool ReadCompletion(string? completion, ApiCall call)
    {
        if (completion is not (null or "backend" or "auto"))
        {
            call.Mistakes.Add("completion", "must be backend or auto.");
        }

        return completion == "auto";
    }

    private ApiAnswer Answer(ConnectSessionResult result, ApiCall call) => (result, sites.Of(call.Http.Request)) switch
    {
        (ConnectSessionResult.Created created, { } site) => ApiAnswer.Created(
            ToWire(created.Session) with { Url = ConnectPaths.Link(site, created.Link).AbsoluteUri }, $"/v1/connect-sessions/{created.Session.Id}"),
        (ConnectSessionResult.Created, null) => Problems.Conflict(
            "public_url_missing", "Address not known", "Set Rekindle:Connect:PublicUrl to the address under which browsers reach this server; links are made of it."),
        (ConnectSessionResult.Refused refused, _) => refused.Reason switch
        {
            ConnectRefusal.UnknownIntegration or ConnectRefusal.UnknownConnection => Problems.NotFound(Names.Of(refused.Reason), refused.Message),
            ConnectRefusal.ConnectionDisabled => Problems.Conflict(Names.Of(refused.Reason), "Connection disabled", refused.Message),
            ConnectRefusal.ReturnUrlNotAllowed or ConnectRefusal.ReturnUrlRequired => Problems.Invalid("return_url", refused.Message),
            _ => Invalid(refused.Mistakes, call),
        },
        _ => throw new InvalidOperationException($"Unknown result {result.GetType().Name}."),
    };

    private static ApiAnswer Invalid(IEnumerable<string> mistakes, ApiCall call)
    {
        foreach (var mistake in mistakes)
        {
            var parts = mistake.Split(' ', 2);
            call.Mistakes.Add(parts[0], parts[1]);
        }

        return call.Failure();
    }

    private static Wire.ConnectSession ToWire(ConnectSession session) => new()
    {
        Id = session.Id,
        Status = session.State switch
        {
            ConnectState.Connected => "connected",
            ConnectState.Denied => "denied",
            ConnectState.Failed => "failed",
            ConnectState.Expired => "expired",
            _ => "pending",
        },
        AwaitsCompletion = session.State == ConnectState.AwaitingCompletion,
        ExpiresAt = session.ExpiresAt,
        Integration = session.Integration,
        Subject = session.Subject,
        ClientReference = session.ClientReference,
        ConnectionId = session.ConnectionId?.ToString(),
        ErrorCode = session.ErrorCode,
        Error = session.Error,
    };
}
