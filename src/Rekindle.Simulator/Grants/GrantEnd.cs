namespace Rekindle.Simulator.Grants;

/// <summary>Why a grant ended.</summary>
public enum GrantEnd
{
    /// <summary>The user withdrew it.</summary>
    RevokedByUser,

    /// <summary>An administrator withdrew it.</summary>
    RevokedByAdministrator,

    /// <summary>The client asked the revocation endpoint.</summary>
    RevokedByClient,

    /// <summary>A used refresh token, or code, was presented outside the rule: taken for theft.</summary>
    ReuseDetected,

    /// <summary>Its absolute lifetime is over.</summary>
    Expired,

    /// <summary>It was not refreshed for too long.</summary>
    Inactive,

    /// <summary>A newer grant of the same user and client took its place.</summary>
    Superseded,

    /// <summary>The user has to consent again.</summary>
    ConsentWithdrawn,

    /// <summary>A policy wants the person.</summary>
    PolicyRequiresSignIn,
}
