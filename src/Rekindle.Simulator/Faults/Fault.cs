using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Faults;

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>The request takes <see cref="Fault.Delay"/> longer.</summary>
    Slow,

    /// <summary>The request waits until the fault is removed.</summary>
    Hold,

    /// <summary>Throttled, with or without <c>Retry-After</c>.</summary>
    Throttled,

    /// <summary>More than <see cref="Fault.RequestsPerSecond"/>: throttled with <c>Retry-After: 1</c>; others pass.</summary>
    Capacity,

    /// <summary>The client's secret has expired.</summary>
    SecretExpired,

    /// <summary>503 and an HTML page.</summary>
    Outage,

    /// <summary>500 in the server's own dialect.</summary>
    ServerError,

    /// <summary>504 and a gateway's HTML page; by default after the server behind it did its work.</summary>
    GatewayTimeout,

    /// <summary>The connection is cut without an answer.</summary>
    Abort,

    /// <summary>The connection is cut in the middle of the answer.</summary>
    Truncate,

    /// <summary>
    /// The answer leaves, and the server forgets that it rotated: the new refresh token is unknown to it, the one presented is as it was before.
    /// </summary>
    ForgottenRotation,

    /// <summary>The grant is said to be dead, and is not.</summary>
    InvalidGrant,

    /// <summary>The user is said to have to consent.</summary>
    ConsentRequired,

    /// <summary>A policy is said to want the person.</summary>
    InteractionRequired,

    /// <summary>200 and bytes that are no answer, typed as JSON.</summary>
    Garbage,

    /// <summary>200 and nothing, typed as JSON.</summary>
    Empty,

    /// <summary>200 and 5 MB of JSON without a token.</summary>
    Huge,

    /// <summary>The real answer, typed application/octet-stream.</summary>
    WrongContentType,

    /// <summary>403 and the HTML page of a firewall.</summary>
    Firewall,

    /// <summary><see cref="Fault.Answer"/> as it stands.</summary>
    Answer,
}

/// <summary>On which side of the server's work a fault strikes.</summary>
public enum FaultStage
{
    /// <summary>Before: nothing was issued or rotated.</summary>
    Before,

    /// <summary>After: tokens were issued and rotated, only the answer suffers.</summary>
    After,
}

/// <summary>
/// Something that goes wrong at a server from now on. Independent of each other are what (<see cref="Kind"/>), on which
/// side of the server's work (<see cref="Stage"/>), for whom (<see cref="Endpoint"/>, <see cref="GrantId"/>,
/// <see cref="Subject"/>, <see cref="ShareOfGrants"/>) and how often (<see cref="Count"/>).
/// </summary>
public sealed record Fault
{
    /// <summary>What goes wrong.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>On which side of the server's work.</summary>
    public FaultStage Stage { get; init; }

    /// <summary>Where. Default the token endpoint.</summary>
    public SimulatedEndpoint Endpoint { get; init; } = SimulatedEndpoint.Token;

    /// <summary>Only for this grant.</summary>
    public string? GrantId { get; init; }

    /// <summary>Only for this user's grants.</summary>
    public string? Subject { get; init; }

    /// <summary>Only for this part of the grants, 0 to 1: always the same ones. Default all.</summary>
    public double ShareOfGrants { get; init; } = 1;

    /// <summary>For the next so many requests that it fits; null: until removed.</summary>
    public int? Count { get; init; }

    /// <summary>For <see cref="FaultKind.Slow"/>: how much longer.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>
    /// For <see cref="FaultKind.Throttled"/> and <see cref="FaultKind.Outage"/>: <c>Retry-After</c>; null: no such header.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether <c>Retry-After</c> is an HTTP date; else seconds.</summary>
    public bool RetryAfterAsDate { get; init; }

    /// <summary>For <see cref="FaultKind.Capacity"/>.</summary>
    public int RequestsPerSecond { get; init; }

    /// <summary>For <see cref="FaultKind.Answer"/>.</summary>
    public ErrorAnswer? Answer { get; init; }

    /// <summary>Slow, before or after the server's work.</summary>
    public static Fault Slow(TimeSpan delay, FaultStage stage = FaultStage.Before) =>
        new() { Kind = FaultKind.Slow, Delay = delay, Stage = stage };

    /// <summary>Held until removed, before or after the server's work.</summary>
    public static Fault Hold(FaultStage stage = FaultStage.Before) => new() { Kind = FaultKind.Hold, Stage = stage };

    /// <summary>Throttled.</summary>
    public static Fault Throttled(TimeSpan? retryAfter = null, bool asDate = false) =>
        new() { Kind = FaultKind.Throttled, RetryAfter = retryAfter, RetryAfterAsDate = asDate };

    /// <summary>Throttled above so many requests a second.</summary>
    public static Fault Capacity(int requestsPerSecond) => new() { Kind = FaultKind.Capacity, RequestsPerSecond = requestsPerSecond };

    /// <summary>504 from a gateway after the tokens were rotated.</summary>
    public static Fault GatewayTimeout() => new() { Kind = FaultKind.GatewayTimeout, Stage = FaultStage.After };

    /// <summary>The tokens are rotated and the connection is cut before a byte of the answer.</summary>
    public static Fault LostAnswer() => new() { Kind = FaultKind.Abort, Stage = FaultStage.After };

    /// <summary>The tokens are rotated and the connection is cut in the middle of the answer.</summary>
    public static Fault TruncatedAnswer() => new() { Kind = FaultKind.Truncate, Stage = FaultStage.After };

    /// <summary>The tokens are rotated, the answer leaves, and the server forgets that it rotated them.</summary>
    public static Fault ForgottenRotation() => new() { Kind = FaultKind.ForgottenRotation, Stage = FaultStage.After };

    /// <summary>This answer instead of the server's own.</summary>
    public static Fault Answering(ErrorAnswer answer, FaultStage stage = FaultStage.Before) =>
        new() { Kind = FaultKind.Answer, Answer = answer, Stage = stage };

    /// <summary>Any other kind with its usual stage.</summary>
    public static Fault Of(FaultKind kind) => new()
    {
        Kind = kind,
        Stage = kind is FaultKind.GatewayTimeout or FaultKind.Truncate or FaultKind.WrongContentType or FaultKind.ForgottenRotation
            ? FaultStage.After
            : FaultStage.Before,
    };

    /// <summary>The same, only for one grant.</summary>
    public Fault ForGrant(string grantId) => this with { GrantId = grantId };

    /// <summary>The same, only for one user.</summary>
    public Fault ForSubject(string subject) => this with { Subject = subject };

    /// <summary>The same, for the next so many requests.</summary>
    public Fault Times(int count) => this with { Count = count };

    /// <summary>The same, at another address.</summary>
    public Fault At(SimulatedEndpoint endpoint) => this with { Endpoint = endpoint };
}
