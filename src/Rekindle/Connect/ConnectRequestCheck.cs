using Rekindle.Connections;
using Rekindle.Providers;

namespace Rekindle.Connect;

/// <summary>What is wrong with a request for a link. A link that could not lead anywhere is refused before anybody follows it.</summary>
internal static class ConnectRequestCheck
{
    private const int MaxEntries = 50;
    private const int MaxName = 64;
    private const int MaxValue = 1_000;
    private const int MaxReference = 255;

    public static ConnectSessionResult.Refused? Check(ConnectRequest request, IntegrationEntry? named, IEnumerable<IntegrationEntry> offered)
    {
        string[] mistakes =
        [
            .. KeyOf(request).Mistakes(), .. Map("metadata", request.Metadata), .. Map("variables", request.Variables),
            .. Reference(request.ClientReference), .. Variables(request.Variables, named),
        ];
        return mistakes.Length > 0
            ? new(ConnectRefusal.InvalidRequest, string.Join(' ', mistakes)) { Mistakes = mistakes }
            : Return(request.ReturnUrl, request.AutoComplete, offered);
    }

    /// <summary>Whether a browser may be sent back there, and whether the completion code has a way to the operator's backend.</summary>
    public static ConnectSessionResult.Refused? Return(string? url, bool needsNone, IEnumerable<IntegrationEntry> offered) => url switch
    {
        null when !needsNone => new(ConnectRefusal.ReturnUrlRequired,
            "Give a return_url: the browser brings the completion code there, and the backend behind it completes the connection once it has seen that its own "
            + "signed-in user is the subject. For a link that is handed to the right person directly, ask for completion 'auto'."),
        { } given when !offered.Any(entry => ReturnUrls.Allows(entry.Integration.AllowedReturnUrls, given)) => new(ConnectRefusal.ReturnUrlNotAllowed,
            "The return_url is not on the integration's list of allowed return addresses. Add its origin, or the exact address, to allowed_return_urls."),
        _ => null,
    };

    public static IEnumerable<string> Reference(string? reference) =>
        reference is { Length: > MaxReference } || reference?.Any(char.IsControl) == true
            ? [$"client_reference must be at most {MaxReference} characters without control characters."]
            : [];

    // Any integration's name would do: the parts that the caller gave are what is looked at.
    private static ConnectionKey KeyOf(ConnectRequest request) => new(
        request.Environment, request.Integration ?? "any", request.Tenant, request.Subject, request.Purpose, request.Account);

    private static IEnumerable<string> Map(string field, IReadOnlyDictionary<string, string> values)
    {
        if (values.Count > MaxEntries)
        {
            yield return $"{field} holds {values.Count} values; at most {MaxEntries} are allowed.";
        }

        foreach (var (name, value) in values.Take(MaxEntries))
        {
            if (name.Length is 0 or > MaxName || name.Any(char.IsControl))
            {
                yield return $"{field} has a name that is empty, longer than {MaxName} characters, or holds control characters.";
            }
            else if (value.Length > MaxValue || value.Contains('\0', StringComparison.Ordinal))
            {
                yield return $"{field}.{name} is longer than {MaxValue} characters or holds a NUL.";
            }
        }
    }

    private static IEnumerable<string> Variables(IReadOnlyDictionary<string, string> values, IntegrationEntry? named)
    {
        if (values.Count > 0 && named?.Provider is null)
        {
            yield return "variables need an integration: which ones there are depends on its provider.";
            yield break;
        }

        foreach (var (name, value) in values)
        {
            var variable = named!.Provider!.Variables.FirstOrDefault(v => v.Name == name && v.Source == VariableSource.Connection);
            if (variable is null)
            {
                yield return $"variables.{name} is not one that provider '{named.Provider.Key}' asks of a connection.";
            }
            else if (!variable.TryResolve(value, out _, out var problem))
            {
                yield return $"variables.{name} {problem}";
            }
        }
    }
}
