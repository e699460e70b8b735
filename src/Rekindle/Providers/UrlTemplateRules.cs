namespace Rekindle.Providers;

/// <summary>
/// What a URL template of the catalogue may look like (DESIGN §5): a value that does not come from the operator reaches a
/// host only as one of a fixed list, or as one DNS label below a name of at least two labels that the template fixes.
/// </summary>
internal static class UrlTemplateRules
{
    /// <summary>What is wrong with the template; empty when nothing is.</summary>
    public static IEnumerable<string> Check(string text, ProviderDefinition provider)
    {
        if (UrlTemplate.Parse(text, out var problem) is not { } template)
        {
            return [problem];
        }

        string[] problems = [.. Places(template, provider), .. Beginning(template), .. HostShape(template, provider)];
        return problems.Length > 0 ? problems : Samples(template, provider);
    }

    private static IEnumerable<string> Places(UrlTemplate template, ProviderDefinition provider)
    {
        foreach (var part in template.Parts.Where(part => part.IsVariable))
        {
            var variable = provider.Variables.FirstOrDefault(declared => declared.Name == part.Text);
            var problem = variable is null
                ? $"{{{part.Text}}} is not declared; add it under `variables`."
                : Place(variable, part.Place);
            if (problem is not null)
            {
                yield return problem;
            }
        }
    }

    private static string? Place(ProviderVariable variable, UrlPlace place)
    {
        var name = $"{{{variable.Name}}}";
        if (variable.Values.Count > 0)
        {
            return place is UrlPlace.Start ? $"{name} has a list of values and cannot be the beginning of the address." : null;
        }

        return (variable.Kind, place) switch
        {
            (VariableKind.Url, UrlPlace.Start) => null,
            (VariableKind.Url, _) => $"{name} is of kind url and can only stand at the beginning.",
            (_, UrlPlace.Start) => $"{name} stands at the beginning and must be of kind url.",
            (VariableKind.Host, UrlPlace.Path) => $"{name} is of kind host and can only stand in place of the host.",
            (VariableKind.PathSegment, UrlPlace.Host) =>
                $"{name} is of kind path_segment and would reach the host; use kind dns_label, or list its `values`.",
            _ => null,
        };
    }

    private static IEnumerable<string> Beginning(UrlTemplate template)
    {
        if (template.Parts is [{ IsVariable: true } first, { Place: UrlPlace.Start }, ..])
        {
            yield return $"{{{first.Text}}} is a whole address: only a path such as /token may follow it.";
        }
    }

    private static IEnumerable<string> HostShape(UrlTemplate template, ProviderDefinition provider)
    {
        var host = template.Parts.Where(part => part.Place is UrlPlace.Host).ToArray();
        var suffix = host is [.., { IsVariable: false } last] ? last.Text : "";
        for (var i = 0; i < host.Length; i++)
        {
            if (!host[i].IsVariable || provider.Variables.FirstOrDefault(v => v.Name == host[i].Text) is not { Values.Count: 0 } variable)
            {
                continue;
            }

            if (variable.Kind is VariableKind.Host && host.Length > 1)
            {
                yield return $"{{{variable.Name}}} is of kind host and must be the whole host.";
            }

            if (variable.Kind is VariableKind.DnsLabel && !(IsWholeLabel(host, i) && HasTwoLabels(suffix)))
            {
                yield return $"{{{variable.Name}}} must be one whole label below a fixed name of at least two, such as "
                    + $"https://{{{variable.Name}}}.example.com/; otherwise its value could choose the host.";
            }
        }
    }

    private static bool IsWholeLabel(UrlPart[] host, int i) =>
        (i == 0 || host[i - 1].Text.EndsWith('.')) && i + 1 < host.Length && !host[i + 1].IsVariable && host[i + 1].Text.StartsWith('.');

    private static bool HasTwoLabels(string suffix) => ProviderVariable.IsHost(suffix.TrimStart('.')) && suffix.TrimStart('.').Contains('.');

    /// <summary>Expands the template with every listed value, and with a plausible one for the free kinds.</summary>
    private static IEnumerable<string> Samples(UrlTemplate template, ProviderDefinition provider)
    {
        var names = template.Parts.Where(part => part.IsVariable).Select(part => part.Text).ToHashSet(StringComparer.Ordinal);
        var used = provider.Variables.Where(variable => names.Contains(variable.Name)).ToArray();
        var rounds = used.Select(variable => variable.Values.Count).DefaultIfEmpty(0).Max();
        for (var round = 0; round < Math.Max(1, rounds); round++)
        {
            var sample = used.ToDictionary(variable => variable.Name, variable => Sample(variable, round));
            if (template.Expand(provider, sample) is UrlExpansion.Refused refused)
            {
                yield return refused.Variable is null ? refused.Problem : $"{{{refused.Variable}}} {refused.Problem}";
            }
        }
    }

    private static string Sample(ProviderVariable variable, int round) => variable switch
    {
        { Values.Count: > 0 } => variable.Values.Keys.ElementAt(round % variable.Values.Count),
        { Kind: VariableKind.Host } => "host.example.com",
        { Kind: VariableKind.Url } => "https://host.example.com",
        _ => "sample",
    };
}
