namespace Rekindle.Refresh;

/// <summary>What the answer to a refresh means: the closed set of DESIGN §2.</summary>
public enum RefreshClass
{
    /// <summary>2xx, no error, a non-empty access token.</summary>
    Success,

    /// <summary>429, 503 with Retry-After, or a dialect of these.</summary>
    RateLimited,

    /// <summary>The server is in trouble, or something before it answered.</summary>
    ProviderUnavailable,

    /// <summary>DNS, connect, TLS, timeout before content was written, 408, 425.</summary>
    Network,

    /// <summary>The grant is over: only the user can make a new one.</summary>
    GrantDead,

    /// <summary>The user, or their administrator, has to consent (again).</summary>
    ConsentRequired,

    /// <summary>A policy wants the person: MFA, conditional access, new password.</summary>
    InteractionRequired,

    /// <summary>An authentication failure that does not say whose.</summary>
    AuthAmbiguous,

    /// <summary>Our client id, secret, certificate or registration is wrong.</summary>
    ClientMisconfigured,

    /// <summary>The request as we send it is refused.</summary>
    RequestRejected,

    /// <summary>Too early, or the same token came back.</summary>
    NotDueYet,

    /// <summary>The provider may have acted and we do not know (I7).</summary>
    OutcomeUnknown,

    /// <summary>Before HTTP: the stored token could not be opened.</summary>
    DecryptFailed,

    /// <summary>Before HTTP: there is nothing to refresh with.</summary>
    NoRefreshToken,

    /// <summary>Before HTTP: the integration has no usable client credentials.</summary>
    ClientCredentialsMissing,

    /// <summary>None of the above: never a reason to end a grant by itself.</summary>
    Unclassified,
}

/// <summary>Who can mend a failure.</summary>
public enum WhoActs
{
    /// <summary>It recovers by itself.</summary>
    Nobody,

    /// <summary>The person whose account it is.</summary>
    User,

    /// <summary>Whoever runs this deployment or owns the app registration.</summary>
    Operator,
}

/// <summary>Why a connection needs its user, or ended. Stored as <c>disconnect_reason</c>.</summary>
public enum DisconnectReason
{
    /// <summary>The provider says the grant is over, without saying why.</summary>
    GrantInvalid,

    /// <summary>The refresh token's lifetime ended.</summary>
    Expired,

    /// <summary>Revoked at the provider by the user or an administrator.</summary>
    Revoked,

    /// <summary>Unused for too long.</summary>
    Inactive,

    /// <summary>A changed password ended the grant.</summary>
    PasswordChanged,

    /// <summary>A newer grant of the same user replaced it.</summary>
    Superseded,

    /// <summary>Consent was withdrawn or never covered this.</summary>
    Consent,

    /// <summary>A policy wants the person.</summary>
    Policy,

    /// <summary>The account was disabled or deleted.</summary>
    AccountDisabled,

    /// <summary>The answer that carried the rotated refresh token was lost.</summary>
    RotationLost,

    /// <summary>There never was a refresh token.</summary>
    NoRefreshToken,

    /// <summary>Repeated failures nobody could explain.</summary>
    Unclear,

    /// <summary>An operator asked for it.</summary>
    OperatorRequest,

    /// <summary>The configured number of consecutive failures was reached (A8).</summary>
    GaveUp,
}
