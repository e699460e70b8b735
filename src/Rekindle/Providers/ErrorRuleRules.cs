using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>What an error rule may say. The point of most of it: nobody's grant ends because of a guess.</summary>
internal static class ErrorRuleRules
{
    /// <summary>Gives (field, problem) for everything that is wrong with a rule.</summary>
    public static IEnumerable<(string Field, string Problem)> Check(ErrorRule rule)
    {
        var ends = rule.Class is RefreshClass.GrantDead or RefreshClass.ConsentRequired or RefreshClass.InteractionRequired;
        if (rule.Class is not (RefreshClass.RateLimited or RefreshClass.ProviderUnavailable or RefreshClass.AuthAmbiguous
            or RefreshClass.ClientMisconfigured or RefreshClass.RequestRejected or RefreshClass.NotDueYet or RefreshClass.OutcomeUnknown
            or RefreshClass.Unclassified) && !ends)
        {
            yield return ("class", "is not for error rules: it is decided before or without an answer.");
        }

        if (ends && rule.Confidence is Confidence.Assumed)
        {
            yield return ("confidence", "an assumed rule may not end a grant; find a source, or use `auth_ambiguous`.");
        }

        if (ends && rule is { Code: null, SubCode: null, Text: null })
        {
            yield return ("status", "a status alone may not end a grant; name the code, sub_code or text as well.");
        }

        if (!ends && rule.Reason is not null)
        {
            yield return ("reason", "is only for classes that end a grant: grant_dead, consent_required, interaction_required.");
        }

        if (rule.Confidence is not Confidence.Assumed && (rule.Date is null || string.IsNullOrWhiteSpace(rule.Source)))
        {
            yield return ("confidence", "a confirmed or reported rule says when it was checked (date) and where it stands (source); else it is `assumed`.");
        }

        if (rule.Text is { } text && TextPattern.Problem(text) is { } problem)
        {
            yield return ("text", problem);
        }
    }
}
