using Rekindle.Notifications;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>The sentences that refreshes open for people. They claim no more than is known (E6).</summary>
internal static class Messages
{
    public static NotificationDraft Warning(RefreshFacts f) => new(
        NotificationKind.Warning, Audience.User,
        $"{f.Integration.DisplayName} is having trouble signing in",
        $"{f.Provider.DisplayName} refused to renew the connection {f.Claim.Connection.Strikes + 1} times. "
        + "It will be tried again; if it keeps being refused, the account has to be connected again.");

    public static NotificationDraft TransientNote(RefreshFacts f) => new(
        NotificationKind.TransientNote, Audience.User,
        $"{f.Integration.DisplayName} is slow to answer",
        f.Result.Class == RefreshClass.RateLimited
            ? $"{f.Provider.DisplayName} is rate limiting requests. Nothing needs to be done; it recovers by itself."
            : $"{f.Provider.DisplayName} could not be reached several times in a row. Nothing needs to be done; it recovers by itself.");

    public static NotificationDraft Disconnected(RefreshFacts f, DisconnectReason reason) => new(
        NotificationKind.Disconnected, Audience.User,
        $"{f.Integration.DisplayName} needs to be connected again",
        $"{Because(f, reason)} Connect the account again to resume what depends on it.");

    public static NotificationDraft Undecryptable(RefreshFacts f) => new(
        NotificationKind.Undecryptable, Audience.Operator,
        "A stored token cannot be opened",
        $"Connection {f.Claim.Connection.Id}: {f.Result.Message} Nothing was sent. "
        + "Check that this process has the key ring the value was sealed with.");

    public static NotificationDraft MissingScopes(RefreshFacts f, IReadOnlyCollection<string> lost) => new(
        NotificationKind.MissingScopes, Audience.User,
        $"{f.Integration.DisplayName} granted less than before",
        $"{f.Provider.DisplayName} renewed the connection without: {string.Join(", ", lost)}. Connect the account again to grant it.");

    public static NotificationDraft Quarantined(string connection) => new(
        NotificationKind.Quarantined, Audience.Operator,
        "A connection's refreshes end without outcome",
        $"Connection {connection}: three workers in a row took it and never reported back. It is left alone until an operator forces a retry. "
        + "Look at the workers' logs for crashes around its attempts.");

    public static NotificationDraft Misconfigured(string integration, string provider, string evidence) => new(
        NotificationKind.IntegrationMisconfigured, Audience.Operator,
        $"Integration {integration} is misconfigured",
        $"{provider} refuses our client: {evidence} No connection is at fault and no user needs to act. Refreshes are halted; valid tokens are "
        + "still served. Correct the client id, secret or registration; the integration is then tried at once.");

    public static NotificationDraft Unclassified(string integration, string provider, string evidence) => new(
        NotificationKind.IntegrationUnclassified, Audience.Operator,
        $"{provider} answers integration {integration} in a way we cannot read",
        $"Several connections in a row got: {evidence} They keep their grants and are tried slowly. Look at the attempts for the whole answer.");

    public static NotificationDraft Unavailable(IntegrationEntry entry) => new(
        NotificationKind.IntegrationUnavailable, Audience.Operator,
        $"{entry.Provider?.DisplayName ?? entry.Integration.Provider} does not answer",
        $"Three connections of integration {entry.Integration.Key} in a row got no usable answer. Nothing needs to be done: valid tokens are still "
        + "served, every connection keeps its place, and one is tried regularly until the provider is back. If it lasts, look at the provider's "
        + "status page and at this machine's way to the internet.");

    public static NotificationDraft Suspect(IntegrationEntry entry, int connections) => new(
        NotificationKind.IntegrationSuspect, Audience.Operator,
        $"Many connections of {entry.Integration.DisplayName} seem to have died at once",
        $"{entry.Provider?.DisplayName ?? entry.Integration.Provider} refused {connections} connections within ten minutes as if their users had withdrawn "
        + "permission. That is rarely true of so many, so nobody has been disconnected or told: three of them are tried every ten minutes, and one "
        + "that succeeds releases the others. Look at the provider's status page and at your app registration there. If you know that they are "
        + $"over, resume the integration '{entry.Integration.Key}': each is then tried once more and, if refused again, its user is asked to reconnect.");

    public static NotificationDraft TenantDisconnected(IntegrationEntry entry, string tenant, int connections) => new(
        NotificationKind.TenantDisconnected, Audience.Operator,
        $"{entry.Integration.DisplayName}: the connections of tenant {tenant} are over",
        $"{entry.Provider?.DisplayName ?? entry.Integration.Provider} refused {connections} connections of tenant {tenant} at once while other tenants' are well. "
        + "Most likely an administrator of that tenant withdrew the permission. Its users have to connect again once the administrator allows it.")
    {
        Tenant = tenant,
    };

    private static string Because(RefreshFacts f, DisconnectReason reason)
    {
        var provider = f.Provider.DisplayName;
        return reason switch
        {
            DisconnectReason.Expired => $"The permission given to us at {provider} has expired.",
            DisconnectReason.Revoked => $"The permission was withdrawn at {provider}.",
            DisconnectReason.Inactive => $"{provider} ended the permission because it was unused for too long.",
            DisconnectReason.PasswordChanged => $"{provider} ended the permission after a password change.",
            DisconnectReason.Superseded => $"A newer sign-in at {provider} replaced this permission.",
            DisconnectReason.Consent => $"{provider} asks for consent again.",
            DisconnectReason.Policy => $"{provider} wants the person to sign in because of a policy, such as a second factor.",
            DisconnectReason.AccountDisabled => $"{provider} says that the account is disabled or gone.",
            DisconnectReason.RotationLost => $"An answer of {provider} that carried the new credentials was lost on the way.",
            DisconnectReason.NoRefreshToken => $"{provider} gave us a permission that cannot be renewed, and it has ended.",
            DisconnectReason.Unclear => $"{provider} keeps refusing without saying why. We cannot tell; reconnecting usually helps.",
            DisconnectReason.GaveUp => $"Renewing failed as often as the operator's limit allows ({f.ErrorText}).",
            _ => $"{provider} no longer accepts the permission given to us.",
        };
    }
}
