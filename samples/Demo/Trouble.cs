using Rekindle.Simulator;
using Rekindle.Simulator.Faults;

namespace Rekindle.Demo;

/// <summary>A planted trouble and what must be known about it in the end.</summary>
/// <param name="Subject">Whose connection.</param>
/// <param name="Actor">At which provider.</param>
/// <param name="Status">Expected status.</param>
/// <param name="Reason">Expected <c>disconnect_reason</c>; null: none.</param>
/// <param name="Code">Expected error code of a token request.</param>
/// <param name="WhoActs">Expected <c>who_acts</c> of a token request.</param>
/// <param name="Plant">What is done at the provider; null: nothing.</param>
internal sealed record Trouble(
    string Subject, string Actor, string Status, string? Reason, string Code, string WhoActs, Action<AuthorizationServer, string>? Plant = null)
{
    /// <summary>Whether its grant comes without refresh token.</summary>
    public bool WithoutRefreshToken { get; init; }

    public static IReadOnlyList<Trouble> All { get; } =
    [
        new("revoked-by-user", Cast.Plain, "needs_reauthorization", "grant_invalid", "needs_reauthorization", "user",
            (server, subject) => server.RevokeSubject(subject)),
        new("consent-withdrawn", Cast.Plain, "needs_reauthorization", "consent", "needs_reauthorization", "user",
            (server, subject) => server.Faults.Add(Fault.Of(FaultKind.ConsentRequired).ForSubject(subject))),
        new("wants-second-factor", Cast.Strict, "needs_reauthorization", "policy", "needs_reauthorization", "user",
            (server, subject) => server.Faults.Add(Fault.Of(FaultKind.InteractionRequired).ForSubject(subject))),
        new("answer-lost", Cast.Strict, "needs_reauthorization", "rotation_lost", "needs_reauthorization", "user",
            (server, subject) => server.Faults.Add(Fault.LostAnswer().ForSubject(subject).Times(1))),
        new("never-had-one", Cast.Plain, "needs_reauthorization", "no_refresh_token", "expired_not_refreshable", "user")
        {
            WithoutRefreshToken = true,
        },
        new("behind-a-firewall", Cast.Plain, "degraded", null, "provider_unavailable", "nobody",
            (server, subject) => server.Faults.Add(Fault.Of(FaultKind.Firewall).ForSubject(subject))),
        new("throttled", Cast.Plain, "degraded", null, "provider_throttled", "nobody",
            (server, subject) => server.Faults.Add(Fault.Throttled(TimeSpan.FromSeconds(120)).ForSubject(subject))),
        new("storm-1", Cast.Stormy, "degraded", null, "provider_unavailable", "nobody"),
        new("storm-2", Cast.Stormy, "degraded", null, "provider_unavailable", "nobody"),
        new("secret-1", Cast.Misconfigured, "degraded", null, "integration_misconfigured", "operator"),
        new("secret-2", Cast.Misconfigured, "degraded", null, "integration_misconfigured", "operator"),
    ];
}
