using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>A sign-in whose answer has come.</summary>
/// <param name="Session">As it was stored when the browser left.</param>
/// <param name="Entry">Integration.</param>
/// <param name="Answer">What came.</param>
/// <param name="Callback">The redirect address that the browser was sent away with.</param>
internal sealed record SentSignIn(ConnectSession Session, IntegrationEntry Entry, ConnectAnswer Answer, Uri Callback)
{
    /// <summary>What it leads to.</summary>
    public ConnectTarget Target { get; init; } = new(null, []);

    /// <summary>The connection that it leads to; null: a first one.</summary>
    public ConnectionSnapshot? Existing => Target.Existing;

    /// <summary>Values that this sign-in brings for the provider's own variables: asked for, or come with the answer.</summary>
    public IReadOnlyDictionary<string, string> NewVariables => Entry.Provider!.Variables
        .Select(variable => (variable.Name, Value: variable.Source switch
        {
            VariableSource.Callback => Answer[variable.From ?? variable.Name],
            VariableSource.Connection => Session.Variables.GetValueOrDefault(variable.Name),
            _ => null,
        }))
        .Where(pair => pair.Value is not null)
        .ToDictionary(pair => pair.Name, pair => pair.Value!);

    /// <summary>All values for the provider's addresses. A connection that lives again keeps its place.</summary>
    public IReadOnlyDictionary<string, string> Variables => Entry.Variables(Session.Reconnects is null || Existing is null
        ? NewVariables
        : new Dictionary<string, string>([.. Existing.Connection.Variables.Where(pair => !NewVariables.ContainsKey(pair.Key)), .. NewVariables]));
}
