using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rekindle.Connect;
using Rekindle.Encryption;
using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>What an integration may be: every mistake by field of the wire, in words for its operator.</summary>
internal sealed partial class IntegrationRules(ProviderCatalogue catalogue, TokenExchangeOptions exchange)
{
    private const int MaxName = 255;
    private const int MaxClientId = 512;
    private const int MaxSecret = 16 * 1024;
    private const int MaxScope = 512;
    private const int MaxScopes = 200;
    private const int MaxPurposes = 50;
    private const int MaxReturnUrls = 50;

    public IEnumerable<(string Field, string Problem)> Mistakes(Integration integration, IntegrationDraft draft)
    {
        if (!KeyPattern.IsMatch(integration.Key))
        {
            yield return ("key", "must be lower-case letters, digits and dashes, beginning with a letter or digit, at most 63 characters.");
        }

        foreach (var mistake in TextMistakes(integration, draft).Concat(ScopeMistakes("scopes", integration.Scopes)).Concat(PurposeMistakes(integration))
                     .Concat(PolicyMistakes(integration.Policy)).Concat(ReturnUrlMistakes(integration))
                     .Concat(ConnectField.Mistakes(integration.ConnectFields).Select(problem => ("connect_fields", problem))))
        {
            yield return mistake;
        }

        if (catalogue.Find(integration.Provider) is not { } provider)
        {
            yield return ("provider", "is not in the catalogue. GET /v1/providers lists what is.");
            yield break;
        }

        foreach (var mistake in VariableMistakes(integration, provider))
        {
            yield return mistake;
        }
    }

    private static IEnumerable<(string, string)> TextMistakes(Integration integration, IntegrationDraft draft)
    {
        if (Line(integration.DisplayName, MaxName) is { } name)
        {
            yield return ("display_name", name);
        }

        if (Line(integration.ClientId, MaxClientId) is { } id)
        {
            yield return ("client_id", id);
        }

        if (draft.ClientSecret?.Length > MaxSecret)
        {
            yield return ("client_secret", $"is longer than {MaxSecret} characters.");
        }
        else if (draft.ClientSecret is { } secret && CiphertextLookalike.Find(secret) is { } form)
        {
            yield return ("client_secret", $"looks like ciphertext ({form}): send it as the provider gave it.");
        }

        if (draft.PrivateKey is { } key && SignedAssertion.Mistake(key) is { } problem)
        {
            yield return ("private_key", problem);
        }
    }

    private static IEnumerable<(string, string)> PurposeMistakes(Integration integration)
    {
        if (integration.Purposes.Count > MaxPurposes)
        {
            yield return ("purposes", $"are more than {MaxPurposes}.");
            yield break;
        }

        foreach (var (name, rule) in integration.Purposes)
        {
            if (!KeyPattern.IsMatch(name))
            {
                yield return ("purposes", "must have names of lower-case letters, digits and dashes, at most 63 characters.");
                continue;
            }

            foreach (var mistake in ScopeMistakes($"purposes.{name}.scopes", rule.Scopes))
            {
                yield return mistake;
            }
        }
    }

    private static IEnumerable<(string, string)> ScopeMistakes(string field, IReadOnlyList<string> scopes)
    {
        if (scopes.Count > MaxScopes)
        {
            yield return (field, $"are more than {MaxScopes}.");
        }
        else if (scopes.Any(s => s.Length is 0 or > MaxScope || s.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))))
        {
            yield return (field, $"must each have 1 to {MaxScope} characters without spaces: give a list, one scope per entry.");
        }
    }

    private static IEnumerable<(string, string)> PolicyMistakes(IntegrationPolicy policy)
    {
        var found = new List<ValidationResult>();
        Validator.TryValidateObject(policy, new ValidationContext(policy), found, validateAllProperties: true);
        foreach (var result in found)
        {
            var name = result.MemberNames.First();
            var isTime = typeof(IntegrationPolicy).GetProperty(name)!.PropertyType == typeof(TimeSpan);
            yield return (
                $"policy.{JsonNamingPolicy.SnakeCaseLower.ConvertName(name)}{(isTime ? "_seconds" : "")}",
                result.ErrorMessage!.Replace($"The field {name} ", "", StringComparison.Ordinal));
        }

        if (policy.BackoffBase > policy.BackoffCeiling)
        {
            yield return ("policy.backoff_base_seconds", "is longer than backoff_ceiling_seconds.");
        }
    }

    private static IEnumerable<(string, string)> ReturnUrlMistakes(Integration integration) =>
        integration.AllowedReturnUrls.Count > MaxReturnUrls
            ? [("allowed_return_urls", $"are more than {MaxReturnUrls}.")]
            : ReturnUrls.Mistakes(integration.AllowedReturnUrls).Select(problem => ("allowed_return_urls", problem));

    private IEnumerable<(string, string)> VariableMistakes(Integration integration, ProviderDefinition provider)
    {
        var declared = provider.Variables.Where(v => v.Source == VariableSource.Integration).ToArray();
        foreach (var name in integration.Variables.Keys.Where(name => declared.All(v => v.Name != name)))
        {
            yield return ($"variables.{Bounded(name)}", $"is not a variable of an integration at {provider.DisplayName}."
                + (declared.Length > 0 ? $" There are: {string.Join(", ", declared.Select(v => v.Name))}." : ""));
        }

        foreach (var variable in declared)
        {
            var given = integration.Variables.GetValueOrDefault(variable.Name);
            if (string.IsNullOrEmpty(given) && variable is { Optional: true, Default: null })
            {
                continue;
            }

            if (!variable.TryResolve(given, provider.AllowsInsecureEndpoints, out var text, out var problem))
            {
                yield return ($"variables.{variable.Name}", problem);
            }
            else if (LeadsInside(variable, text, provider))
            {
                yield return ($"variables.{variable.Name}", "leads to an address that is not public.");
            }
        }
    }

    // Names are checked when they are dialled, with what they resolve to then; an address can be refused at once (DESIGN §5).
    private bool LeadsInside(ProviderVariable variable, string text, ProviderDefinition provider)
    {
        if (exchange.AllowPrivateNetworks || variable.Kind is not (VariableKind.Host or VariableKind.Url)
            || !Uri.TryCreate(variable.Kind == VariableKind.Url ? text : $"https://{text}", UriKind.Absolute, out var url))
        {
            return false;
        }

        return IPAddress.TryParse(url.Host.Trim('[', ']'), out var address)
            ? !AddressPolicy.IsPublic(address) && !(provider.AllowsInsecureEndpoints && IPAddress.IsLoopback(address))
            : !provider.AllowsInsecureEndpoints && url.IsLoopback;
    }

    private static string? Line(string text, int max) =>
        text.Length > max ? $"is {text.Length} characters long; at most {max} are allowed."
        : text.Any(char.IsControl) ? "contains control characters."
        : null;

    private static string Bounded(string name) => name.Length <= 64 ? name : name[..64] + "…";

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern { get; }
}
