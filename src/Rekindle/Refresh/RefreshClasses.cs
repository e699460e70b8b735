namespace Rekindle.Refresh;

/// <summary>What belongs to each class as such.</summary>
internal static class RefreshClasses
{
    /// <summary>Who can mend it, unless a provider's rule knows better.</summary>
    public static WhoActs WhoActs(this RefreshClass @class) => @class switch
    {
        RefreshClass.GrantDead or RefreshClass.ConsentRequired or RefreshClass.InteractionRequired or RefreshClass.NoRefreshToken =>
            Refresh.WhoActs.User,
        RefreshClass.ClientMisconfigured or RefreshClass.RequestRejected or RefreshClass.DecryptFailed
            or RefreshClass.ClientCredentialsMissing or RefreshClass.Unclassified => Refresh.WhoActs.Operator,
        _ => Refresh.WhoActs.Nobody,
    };

    /// <summary>Why a grant is over when the provider does not say more.</summary>
    public static DisconnectReason? Reason(this RefreshClass @class) => @class switch
    {
        RefreshClass.GrantDead => DisconnectReason.GrantInvalid,
        RefreshClass.ConsentRequired => DisconnectReason.Consent,
        RefreshClass.InteractionRequired => DisconnectReason.Policy,
        RefreshClass.NoRefreshToken => DisconnectReason.NoRefreshToken,
        _ => null,
    };

    /// <summary>
    /// How much harm it does when the class is wrong: from waiting for nothing to ending a grant that lives. An assumed
    /// rule may only move an answer down this scale (DESIGN §2).
    /// </summary>
    public static int Harm(this RefreshClass @class) => @class switch
    {
        RefreshClass.NotDueYet => 0,
        RefreshClass.Network or RefreshClass.ProviderUnavailable or RefreshClass.RateLimited => 1,
        RefreshClass.Unclassified => 2,
        RefreshClass.AuthAmbiguous or RefreshClass.RequestRejected or RefreshClass.ClientMisconfigured => 3,
        RefreshClass.OutcomeUnknown => 4,
        _ => 5,
    };
}
