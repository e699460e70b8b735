using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.History;

/// <summary>Which of the simulated addresses was asked.</summary>
public enum SimulatedEndpoint
{
    /// <summary>Authorization endpoint.</summary>
    Authorize,

    /// <summary>Token endpoint, and the refresh endpoint where a server has one.</summary>
    Token,

    /// <summary>Revocation endpoint.</summary>
    Revoke,

    /// <summary>Userinfo endpoint.</summary>
    UserInfo,

    /// <summary>The resource API.</summary>
    Api,

    /// <summary>Discovery document and keys.</summary>
    Discovery,
}

/// <summary>What a presented token was at that moment.</summary>
public enum PresentedToken
{
    /// <summary>None was presented.</summary>
    None,

    /// <summary>It is not one of this server's.</summary>
    Unknown,

    /// <summary>A refresh token not used before, or one that does not rotate; the newest or any live access token.</summary>
    Current,

    /// <summary>A refresh token used before, presented again inside the server's rule.</summary>
    Superseded,

    /// <summary>A refresh token used before, presented again outside the server's rule.</summary>
    Reused,

    /// <summary>An access token or code of this server that no longer works.</summary>
    Dead,
}

/// <summary>
/// One request as a server saw it. Tokens appear as fingerprints only: the first 8 bytes of their SHA-256 in hex.
/// </summary>
public sealed record Presentation
{
    /// <summary>Position in the history, rising without gaps over all servers.</summary>
    public required long Number { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The server's name.</summary>
    public required string Server { get; init; }

    /// <summary>Which address was asked.</summary>
    public required SimulatedEndpoint Endpoint { get; init; }

    /// <summary><c>grant_type</c> of a token request.</summary>
    public string? GrantType { get; init; }

    /// <summary>The client that named itself.</summary>
    public string? ClientId { get; init; }

    /// <summary>Who called: the value of <see cref="SimulatorOptions.ProcessHeader"/>.</summary>
    public string? Process { get; init; }

    /// <summary>The caller's <c>User-Agent</c>.</summary>
    public string? UserAgent { get; init; }

    /// <summary>The simulator's name of the grant, when one was found.</summary>
    public string? GrantId { get; init; }

    /// <summary>Whose grant it is.</summary>
    public string? Subject { get; init; }

    /// <summary>Number of the presented refresh token within its grant, or of the access token: 1 for the first.</summary>
    public int? Generation { get; init; }

    /// <summary>Fingerprint of the presented token or code.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>What that token was when it came.</summary>
    public PresentedToken Token { get; init; }

    /// <summary>Whether a refresh or code exchange took effect, whatever was answered.</summary>
    public bool Issued { get; init; }

    /// <summary>Number of the refresh token that was issued, when a new one was.</summary>
    public int? IssuedGeneration { get; init; }

    /// <summary>Why the server itself refused; null: it did not.</summary>
    public TokenError? Error { get; init; }

    /// <summary>The fault that decided the answer; null: none.</summary>
    public FaultKind? Fault { get; init; }

    /// <summary>HTTP status that was answered; null: the connection was cut, or the answer is still due.</summary>
    public int? Status { get; init; }

    /// <summary>When the answer was finished or the connection cut; null: still due.</summary>
    public DateTimeOffset? AnsweredAt { get; init; }
}
