using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using static Rekindle.Connect.ConnectErrorCode;

namespace Rekindle.Connect;

/// <summary>The sentences a person reads when connecting did not work. They say what happened, whether anything changed, and what to do.</summary>
internal static class ConnectErrors
{
    private const string AskForLink = "Go back to where you came from and start again, or ask whoever sent you the link for a new one.";
    private const string NotYourFault = "This is nothing you can mend. Please tell the people who run the application that sent you here.";

    public static ConnectError BadLink { get; } = new(
        LinkInvalid, "This link is not complete.", "Perhaps part of it was lost when it was copied. " + AskForLink, WhoActs.User);

    public static ConnectError Expired { get; } = new(LinkExpired, "This link has expired.", AskForLink, WhoActs.User);

    public static ConnectError Used { get; } = new(
        LinkUsed, "This link has already done its work.", "The account was connected with it. You can close this page.", WhoActs.Nobody);

    public static ConnectError UnderWay { get; } = new(
        SignInUnderWay, "Your sign-in is being completed.", "Wait a moment, then load this page again.", WhoActs.Nobody)
    { CanRetry = true };

    public static ConnectError Gone { get; } = new(
        ConnectionGone, "The connection that this link is for no longer exists.", AskForLink, WhoActs.User);

    public static ConnectError Disabled { get; } = new(
        ConnectionDisabled, "This connection was paused by the people who run the application.", NotYourFault, WhoActs.Operator);

    public static ConnectError UnknownState { get; } = new(
        StateUnknown, "We do not know this sign-in.", "Nothing was changed. " + AskForLink, WhoActs.User);

    public static ConnectError AlreadyAnswered { get; } = new(
        AnswerUsed, "This sign-in was already completed or given up.", "Nothing was changed by opening this page again. You can close it.", WhoActs.Nobody);

    public static ConnectError Stored { get; } = new(
        StorageUnavailable, "The new connection could not be saved.", "Please try again in a few minutes.", WhoActs.Operator)
    { CanRetry = true };

    public static ConnectError KeptForLater { get; } = new(
        StorageUnavailable, "Your sign-in worked, and the connection will be ready in a few minutes.", "You can close this page. There is no need to sign in again.",
        WhoActs.Nobody);

    public static ConnectError NotCompletedInTime { get; } = new(
        NotCompleted, "The connection was not confirmed in time.", AskForLink, WhoActs.Operator);

    public static ConnectError Unavailable(IntegrationEntry entry, string detail) => new(
        IntegrationUnavailable, $"{Name(entry)} cannot be connected at the moment.", "Please try again later.", WhoActs.Operator)
    { Detail = detail, CanRetry = true };

    public static ConnectError Frozen(Freeze freeze) => new(
        IntegrationUnavailable, "No account can be connected at the moment.", "Nothing was changed. Please try again later.", WhoActs.Operator)
    { Detail = $"The database is frozen ({Storage.Names.Of(freeze.Reason)}): the server's log says why and what to do.", CanRetry = true };

    public static ConnectError Misconfigured(string name, string detail) => new(
        IntegrationMisconfigured, $"The connection to {name} is not set up correctly.", NotYourFault + " The same link works once they have mended it.",
        WhoActs.Operator)
    { Detail = detail, CanRetry = true };

    public static ConnectError Denied(IntegrationEntry entry) => new(
        AccessDenied, $"You did not allow access at {Name(entry)}.", "Nothing was changed. If that was a mistake, try again and allow it.", WhoActs.User)
    { CanRetry = true };

    public static ConnectError OtherBrowser(IntegrationEntry entry) => new(
        WrongBrowser, "This sign-in was begun in another browser.",
        $"Nothing was changed. Open the link again and stay in one browser until you are back from {Name(entry)}; do not use a private window or another app in between.",
        WhoActs.User);

    public static ConnectError Malformed(string detail) => new(
        AnswerMalformed, "The answer that came back is not complete.", "Nothing was changed. Please try again.", WhoActs.User)
    { Detail = detail, CanRetry = true };

    public static ConnectError Forged(IntegrationEntry entry, string detail) => new(
        AnswerForged, $"The answer that came back is not one of {Name(entry)}'s.", "Nothing was changed. Please try again; if it happens again, tell the people who run the application.",
        WhoActs.Operator)
    { Detail = detail, CanRetry = true };

    public static ConnectError Refused(IntegrationEntry entry, string detail) => new(
        ProviderRefused, $"{Name(entry)} refused the sign-in.", "Nothing was changed. Please try again; if it happens again, tell the people who run the application.",
        WhoActs.User)
    { Detail = detail, CanRetry = true };

    public static ConnectError Unreachable(IntegrationEntry entry, string detail) => new(
        ProviderUnavailable, $"{Name(entry)} could not be reached or is in trouble.", "Nothing was changed. Please try again in a few minutes.", WhoActs.Nobody)
    { Detail = detail, CanRetry = true };

    public static ConnectError Rejected(IntegrationEntry entry, string detail) => new(
        CodeRejected, $"{Name(entry)} no longer accepts this sign-in.", "It took too long, or it was used before. Nothing was changed. Please try again.", WhoActs.User)
    { Detail = detail, CanRetry = true };

    public static ConnectError NotRenewable(IntegrationEntry entry) => new(
        ConnectErrorCode.NoRefreshToken, $"{Name(entry)} gave a permission that ends soon and cannot be renewed.",
        $"Nothing was changed. Sign in at {Name(entry)} yourself, remove this application from the list of connected apps there, and try again.", WhoActs.User)
    {
        Detail = "The answer to the code held no refresh token. Ask for offline access in the scopes, or set the policy accept_without_refresh_token.",
        CanRetry = true,
    };

    /// <param name="entry">Integration.</param>
    /// <param name="missing">What was left out.</param>
    /// <param name="isInForce">Whether the grant before has ended with this one.</param>
    public static ConnectError TooFewScopes(IntegrationEntry entry, IReadOnlyCollection<string> missing, bool isInForce) => new(
        ConnectErrorCode.MissingScopes, "You allowed less than is needed.",
        $"{(isInForce ? "What you allowed now counts, and what you left out no longer works." : "Nothing was changed.")} "
            + $"Try again and leave everything ticked that {Name(entry)} asks about.",
        WhoActs.User)
    {
        Detail = $"Not granted: {string.Join(' ', missing)}. To accept that, set the policy accept_missing_scopes.",
        CanRetry = true,
    };

    public static ConnectError UnknownAccount(IntegrationEntry entry, string detail) => new(
        AccountUnknown, $"{Name(entry)} did not say whose account it is.", "Nothing was changed. Please try again in a few minutes.", WhoActs.Operator)
    { Detail = detail, CanRetry = true };

    public static ConnectError OtherAccount(IntegrationEntry entry, string? name) => new(
        AnotherAccount, $"You signed in at {Name(entry)} with another account.",
        name is null
            ? "Nothing was changed. Sign out there, then try again with the account that was connected before."
            : $"Nothing was changed. This connection belongs to {name}: sign out there, then try again with that account.",
        WhoActs.User)
    { CanRetry = true };

    private static string Name(IntegrationEntry entry) => entry.Provider?.DisplayName ?? entry.Integration.DisplayName;
}
