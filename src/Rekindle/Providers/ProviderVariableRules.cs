using System.Text.RegularExpressions;

namespace Rekindle.Providers;

/// <summary>What an entry may say of its variables: above all, who may choose a host (DESIGN §5).</summary>
internal static partial class ProviderVariableRules
{
    /// <summary>Gives (field, problem) for everything that is wrong with the entry's variables.</summary>
    public static IEnumerable<(string Field, string Problem)> Check(ProviderDefinition provider, IEnumerable<string> templates)
    {
        var used = templates
            .SelectMany(template => UrlTemplate.Parse(template, out _)?.Parts ?? [])
            .Where(part => part.IsVariable)
            .Select(part => part.Text)
            .Append(provider.Requests.RedirectUriVariable)
            .ToHashSet(StringComparer.Ordinal);

        foreach (var variable in provider.Variables)
        {
            var field = $"variables.{variable.Name}";
            if (!ProviderVariable.IsName(variable.Name))
            {
                yield return (field, "must be named with lower case letters, digits and underscores, beginning with a letter.");
            }
            else if (!used.Contains(variable.Name))
            {
                yield return (field, $"is declared and used nowhere; use it as {{{variable.Name}}} in an endpoint, or remove it.");
            }

            foreach (var (name, problem) in Check(variable, provider.AllowsInsecureEndpoints))
            {
                yield return ($"{field}.{name}", problem);
            }
        }
    }

    private static IEnumerable<(string, string)> Check(ProviderVariable variable, bool allowsInsecure)
    {
        if (variable.Values.Count == 0 && variable.Kind is VariableKind.Host or VariableKind.Url && variable.Source is not VariableSource.Integration)
        {
            yield return ("source", "must be `integration`: only the operator may choose a host. List `values`, or use kind dns_label.");
        }

        foreach (var (listed, _) in variable.Values.Where(pair => !InsertedText.IsMatch(pair.Value)))
        {
            yield return ($"values.{listed}", "must be letters, digits, dots, dashes, underscores, with a port at most.");
        }

        if (variable.From is not null && variable.Source is not (VariableSource.Callback or VariableSource.TokenAnswer))
        {
            yield return ("from", "has no meaning unless `source` is callback or token_answer.");
        }

        if (variable.Default is { } value && !variable.TryResolve(value, allowsInsecure, out _, out var problem))
        {
            yield return ("default", problem);
        }

        if (variable.Optional && variable.Default is not null)
        {
            yield return ("optional", "contradicts `default`: with a default there is always a value.");
        }

        if (variable.Optional && (variable.Kind is not VariableKind.Url || variable.Values.Count > 0))
        {
            yield return ("optional", "is only for kind url, where the whole address may be absent.");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+(:[0-9]{1,5})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex InsertedText { get; }
}
