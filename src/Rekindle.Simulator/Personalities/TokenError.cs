namespace Rekindle.Simulator.Personalities;

/// <summary>Why the token endpoint refuses. How it says so is the <see cref="ErrorDialect"/>'s matter.</summary>
public enum TokenError
{
    /// <summary>The code or refresh token is not known, was used, or is another client's.</summary>
    InvalidGrant,

    /// <summary>The user or an administrator ended the grant.</summary>
    GrantRevoked,

    /// <summary>The grant's lifetime, or its time without use, is over.</summary>
    GrantExpired,

    /// <summary>The user must consent again.</summary>
    ConsentRequired,

    /// <summary>A policy wants the person.</summary>
    InteractionRequired,

    /// <summary>Client id or secret is wrong.</summary>
    InvalidClient,

    /// <summary>The client's secret has expired.</summary>
    SecretExpired,

    /// <summary>A parameter is missing or wrong.</summary>
    InvalidRequest,

    /// <summary>More scopes were asked for than were granted.</summary>
    InvalidScope,

    /// <summary>The grant type is not served at this address.</summary>
    UnsupportedGrantType,

    /// <summary>The refresh came too early.</summary>
    NotDueYet,

    /// <summary>Too many requests.</summary>
    RateLimited,

    /// <summary>The server is in trouble.</summary>
    ServerError,
}
