using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>Finds the line of a provider's dialect that fits an answer.</summary>
internal static class Dialect
{
    /// <summary>
    /// The first rule whose given parts all match. An assumed one counts only if it does no more harm, should it be
    /// wrong, than what the general table says anyway.
    /// </summary>
    public static ErrorRule? Find(IReadOnlyList<ErrorRule> rules, int status, AnswerReading reading, RefreshClass general)
    {
        foreach (var rule in rules)
        {
            if (Matches(rule, status, reading)
                && (rule.Confidence != Confidence.Assumed || rule.Class.Harm() <= general.Harm()))
            {
                return rule;
            }
        }

        return null;
    }

    /// <summary>
    /// What a rule makes of an answer. A code that ends a grant or halts a client, on an answer whose status speaks of
    /// trouble, counts as no more than evidence (A7), unless the rule names that status (CyberSource: 500 for everything).
    /// </summary>
    public static RefreshClass Apply(ErrorRule rule, int status, RefreshClass general)
    {
        if (rule.Status is not null || !GeneralTable.IsDrastic(rule.Class))
        {
            return rule.Class;
        }

        return status switch
        {
            408 or 425 or 429 => general,
            >= 500 => RefreshClass.AuthAmbiguous,
            _ => rule.Class,
        };
    }

    private static bool Matches(ErrorRule rule, int status, AnswerReading reading) =>
        (rule.Status is null || rule.Status == status)
        && (rule.Code is null || reading.ErrorCodes.Contains(rule.Code, StringComparer.OrdinalIgnoreCase))
        && (rule.SubCode is null || reading.ErrorSubCodes.Contains(rule.SubCode, StringComparer.OrdinalIgnoreCase))
        && (rule.Text is null || (reading.ErrorText is { } text && TextPattern.IsMatch(rule.Text, text)));
}
