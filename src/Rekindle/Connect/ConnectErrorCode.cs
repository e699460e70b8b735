namespace Rekindle.Connect;

/// <summary>Why a connect flow did not go on. The words are stable: they are a session's <c>error_code</c>.</summary>
public enum ConnectErrorCode
{
    /// <summary>The link is not one of ours, or was changed.</summary>
    LinkInvalid,

    /// <summary>The link, or the sign-in begun with it, took too long.</summary>
    LinkExpired,

    /// <summary>The link has done its work.</summary>
    LinkUsed,

    /// <summary>The answer to this sign-in is being worked on right now.</summary>
    SignInUnderWay,

    /// <summary>The form came from elsewhere, or the browser keeps no cookies.</summary>
    FormNotOurs,

    /// <summary>The integration is paused, or its provider cannot be used for now.</summary>
    IntegrationUnavailable,

    /// <summary>The operator's client, its registration or its settings are wrong.</summary>
    IntegrationMisconfigured,

    /// <summary>The connection to reconnect is gone.</summary>
    ConnectionGone,

    /// <summary>The operator paused the connection.</summary>
    ConnectionDisabled,

    /// <summary>The person said no.</summary>
    AccessDenied,

    /// <summary>The sign-in was begun in another browser.</summary>
    WrongBrowser,

    /// <summary>No sign-in that we know of has this state, or it belongs to another integration.</summary>
    StateUnknown,

    /// <summary>The answer came before.</summary>
    AnswerUsed,

    /// <summary>The answer lacks something, has it twice, or is damaged.</summary>
    AnswerMalformed,

    /// <summary>The answer names another issuer, or its signature does not fit.</summary>
    AnswerForged,

    /// <summary>The provider refused with an error of its own.</summary>
    ProviderRefused,

    /// <summary>The provider could not be reached, or is in trouble.</summary>
    ProviderUnavailable,

    /// <summary>The provider did not accept its own code any more.</summary>
    CodeRejected,

    /// <summary>The permission cannot be renewed: no refresh token came.</summary>
    NoRefreshToken,

    /// <summary>Less was granted than is needed.</summary>
    MissingScopes,

    /// <summary>Whose account it is could not be found out.</summary>
    AccountUnknown,

    /// <summary>Another account than the one that was connected.</summary>
    AnotherAccount,

    /// <summary>The new grant could not be stored.</summary>
    StorageUnavailable,

    /// <summary>The operator's backend did not complete it in time.</summary>
    NotCompleted,
}
