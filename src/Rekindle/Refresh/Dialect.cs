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

    private static bool Matches(ErrorRule rule, int status, AnswerReading reading) =>
        (rule.Status is null || rule.Status == status)
        && (rule.Code is null || reading.ErrorCodes.Contains(rule.Code, StringComparer.OrdinalIgnoreCase))
        && (rule.SubCode is null || reading.ErrorSubCodes.Contains(rule.SubCode, StringComparer.OrdinalIgnoreCase))
        && (rule.Text is null || (reading.ErrorText is { } text && TextPattern.IsMatch(rule.Text, text)));
}
