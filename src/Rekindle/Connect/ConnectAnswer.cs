namespace Rekindle.Connect;

/// <summary>
/// The parameters that a provider sent back with the browser, from the query or from a form. Anybody can send them, so they are
/// bounded before they are looked at.
/// </summary>
public sealed class ConnectAnswer
{
    private const int MaxParameters = 40;
    private const int MaxName = 100;
    private const int MaxValue = 8_192;

    private static readonly string[] Opaque = ["state", "code", "iss", "error"];
    private readonly Dictionary<string, string> _values;

    private ConnectAnswer(Dictionary<string, string> values) => _values = values;

    /// <summary>Every parameter, by name.</summary>
    internal IReadOnlyDictionary<string, string> Values => _values;

    internal string? State => this["state"];

    internal string? Code => this["code"];

    internal string? Error => this["error"];

    internal string? Issuer => this["iss"];

    internal string? this[string name] => _values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>Takes parameters; null: too many, too long, one twice, or control characters where none belong.</summary>
    public static ConnectAnswer? From(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in parameters)
        {
            if (values.Count == MaxParameters || name.Length > MaxName || value.Length > MaxValue
                || (Opaque.Contains(name) && value.Any(char.IsControl)) || !values.TryAdd(name, value))
            {
                return null;
            }
        }

        return new ConnectAnswer(values);
    }

    /// <summary>A redaction: which parameters there are.</summary>
    public override string ToString() => $"<answer: {string.Join(", ", _values.Keys.Order(StringComparer.Ordinal))}>";
}
