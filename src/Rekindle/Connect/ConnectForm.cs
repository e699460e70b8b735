using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>The questions of one connect page: what the provider needs to be reached, and what the operator wants to know.</summary>
/// <param name="Fields">The questions, in order.</param>
public sealed record ConnectForm(IReadOnlyList<ConnectFormField> Fields)
{
    private const string VariablePrefix = "variable.";
    private const string MetadataPrefix = "metadata.";

    /// <summary>Whether every answer can be used.</summary>
    public bool IsComplete => Fields.All(asked => asked.Problem is null);

    /// <summary>Answers about the provider, by variable.</summary>
    internal IReadOnlyDictionary<string, string> Variables => Answers(VariablePrefix)
        .Where(answer => answer.Value.Length > 0).ToDictionary(answer => answer.Key, answer => answer.Value);

    /// <summary>Answers for the metadata, by name; an empty one takes back what was answered before.</summary>
    internal IReadOnlyDictionary<string, string> Metadata => Answers(MetadataPrefix);

    /// <summary>The form as it is shown first: with what is known, from the last connection or from the operator.</summary>
    internal static ConnectForm Blank(ConnectSession session, IntegrationEntry entry, Connection? existing) => new(
    [
        .. Asked(session, entry, existing).Select(variable => Of(variable,
            session.Variables.GetValueOrDefault(variable.Name) ?? existing?.Variables.GetValueOrDefault(variable.Name))),
        .. entry.Integration.ConnectFields.Select(field => Of(field,
            session.Metadata.GetValueOrDefault(field.Name) ?? existing?.Metadata.GetValueOrDefault(field.Name) ?? field.Default)),
    ]);

    /// <summary>The form as it was sent, each answer checked.</summary>
    internal ConnectForm Read(IntegrationEntry entry, IReadOnlyDictionary<string, string> sent) =>
        new([.. Fields.Select(field => Read(field, entry, sent.GetValueOrDefault(field.Name)))]);

    // What the operator fixed is not asked. A connection that lives again keeps the place it was connected to.
    private static IEnumerable<ProviderVariable> Asked(ConnectSession session, IntegrationEntry entry, Connection? existing) =>
        entry.Provider!.Variables.Where(variable => variable.Source == VariableSource.Connection
            && !entry.Integration.Variables.ContainsKey(variable.Name)
            && !(session.Reconnects is not null && existing?.Variables.ContainsKey(variable.Name) == true));

    private static ConnectFormField Of(ProviderVariable variable, string? value) => new()
    {
        Name = VariablePrefix + variable.Name,
        Label = variable.Title ?? variable.Name,
        Kind = variable.Values.Count > 0 ? ConnectFieldKind.Choice : ConnectFieldKind.Text,
        Choices = variable.Values.ToDictionary(pair => pair.Key, pair => pair.Key),
        Required = variable is { Default: null, Optional: false },
        Value = value ?? variable.Default ?? "",
    };

    private static ConnectFormField Of(ConnectField field, string? value) => new()
    {
        Name = MetadataPrefix + field.Name,
        Label = field.Label,
        Help = field.Help,
        Kind = field.Kind,
        Choices = field.Choices,
        Required = field.Required,
        Min = field.Limits.Min,
        Max = field.Limits.Max,
        Value = value ?? "",
    };

    private static ConnectFormField Read(ConnectFormField field, IntegrationEntry entry, string? given)
    {
        if (field.Name.StartsWith(MetadataPrefix, StringComparison.Ordinal))
        {
            var metadata = entry.Integration.ConnectFields.First(f => MetadataPrefix + f.Name == field.Name);
            return metadata.TryRead(given, out var value, out var wrong)
                ? field with { Value = value, Problem = null }
                : field with { Value = Shown(given), Problem = wrong };
        }

        var variable = entry.Provider!.Variables.First(v => VariablePrefix + v.Name == field.Name);
        var answer = given?.Trim();
        return variable.TryResolve(answer, out _, out var problem)
            ? field with { Value = string.IsNullOrEmpty(answer) ? variable.Default ?? "" : answer, Problem = null }
            : field with { Value = Shown(given), Problem = string.IsNullOrEmpty(answer) ? "Please answer this." : $"This {problem}" };
    }

    /// <summary>A refused answer is shown again, within bounds.</summary>
    private static string Shown(string? given) => given is null ? "" : given.Length <= ConnectField.MaxLength ? given : given[..ConnectField.MaxLength];

    private Dictionary<string, string> Answers(string prefix) => Fields
        .Where(field => field.Name.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(field => field.Name[prefix.Length..], field => field.Value);
}

/// <summary>One question as it stands on the page.</summary>
public sealed record ConnectFormField
{
    /// <summary>Name of the form's input.</summary>
    public required string Name { get; init; }

    /// <summary>Label.</summary>
    public required string Label { get; init; }

    /// <summary>A sentence below the label; null: none.</summary>
    public string? Help { get; init; }

    /// <summary>What kind of answer.</summary>
    public ConnectFieldKind Kind { get; init; }

    /// <summary>Value → label of a choice.</summary>
    public IReadOnlyDictionary<string, string> Choices { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it must be answered.</summary>
    public bool Required { get; init; }

    /// <summary>Smallest number; null: no limit.</summary>
    public decimal? Min { get; init; }

    /// <summary>Largest number; null: no limit.</summary>
    public decimal? Max { get; init; }

    /// <summary>What stands in it.</summary>
    public string Value { get; init; } = "";

    /// <summary>What is wrong with it; null: nothing.</summary>
    public string? Problem { get; init; }
}
