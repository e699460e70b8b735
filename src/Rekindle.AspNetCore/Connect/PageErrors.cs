using Rekindle.Connect;
using Rekindle.Refresh;

namespace Rekindle.AspNetCore.Connect;

/// <summary>What can go wrong with a page itself.</summary>
internal static class PageErrors
{
    public static ConnectError NoAddress { get; } = new(
        ConnectErrorCode.IntegrationMisconfigured, "This page cannot be used here.",
        "The people who run it have not said under which address it is reached (Rekindle:Connect:PublicUrl).", WhoActs.Operator);

    public static ConnectError ForeignForm { get; } = new(
        ConnectErrorCode.FormNotOurs, "This form was not sent from our page, or your browser keeps no cookies.",
        "Allow cookies for this site, open the link again and press the button there.", WhoActs.User)
    { CanRetry = true };

    public static ConnectError Unreadable { get; } = new(
        ConnectErrorCode.AnswerMalformed, "What was sent could not be read.", "Nothing was changed. Go back and try again.", WhoActs.User);

    public static ConnectError DatabaseAway { get; } = new(
        ConnectErrorCode.StorageUnavailable, "This does not work at the moment.", "Nothing was changed. Please try again in a few minutes.", WhoActs.Operator);
}
