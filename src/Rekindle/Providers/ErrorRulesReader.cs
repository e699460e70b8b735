using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>Reads where errors stand and the rules about them. A rule with a list of codes becomes one rule for each.</summary>
internal static class ErrorRulesReader
{
    public static ErrorRules Read(CatalogueSection section)
    {
        var defaults = new ErrorRules();
        var seen = new Dictionary<(int?, string?, string?, string?), CatalogueSection>();
        return new ErrorRules
        {
            Code = section.Texts("code", defaults.Code),
            SubCode = section.Texts("sub_code", defaults.SubCode),
            Description = section.Texts("description", defaults.Description),
            FailureMarks = section.Pairs("failure_marks"),
            Rules = [.. section.Sections("rules").SelectMany(rule => Rules(rule, seen))],
        };
    }

    private static List<ErrorRule> Rules(CatalogueSection section, Dictionary<(int?, string?, string?, string?), CatalogueSection> seen)
    {
        if (section.Node("class") is null)
        {
            section.Add("class", "the field is missing; write what the answer means, such as `grant_dead`.");
        }

        string[] conditions = ["status", "code", "sub_code", "text"];
        if (conditions.All(condition => section.Node(condition) is null))
        {
            section.Add("class", "the rule has no condition and would match every answer; give it status, code, sub_code or text.");
        }

        var pattern = Rule(section);
        List<ErrorRule> rules =
        [
            .. from code in section.TextOrTexts("code")
               from subCode in section.TextOrTexts("sub_code")
               select pattern with { Code = code, SubCode = subCode },
        ];
        section.Finish();

        foreach (var (field, problem) in ErrorRuleRules.Check(rules[0]))
        {
            section.Add(field, problem);
        }

        foreach (var rule in rules)
        {
            var condition = (rule.Status, rule.Code?.ToLowerInvariant(), rule.SubCode?.ToLowerInvariant(), rule.Text);
            if (!seen.TryAdd(condition, section) && seen[condition] is var first && first.Map.File == section.Map.File)
            {
                section.Add("class", $"the rule on line {first.Map.Line} asks for the same answer and comes first; remove one.");
            }
        }

        return rules;
    }

    private static ErrorRule Rule(CatalogueSection section) => new()
    {
        Status = section.Number("status", 100, 599),
        Text = section.Text("text"),
        Class = section.Choice("class", RefreshClass.Unclassified),
        Reason = section.Choice<DisconnectReason>("reason"),
        WhoActs = section.Choice<WhoActs>("who_acts"),
        Confidence = section.Choice("confidence", Confidence.Assumed),
        Date = section.Date("date"),
        Source = section.Text("source"),
    };
}
