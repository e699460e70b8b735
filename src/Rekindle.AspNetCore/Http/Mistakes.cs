namespace Rekindle.AspNetCore.Http;

/// <summary>Everything that is wrong with a request, so that one answer names it all.</summary>
internal sealed class Mistakes
{
    private const int Most = 50;
    private const int LongestName = 30;

    private readonly List<Wire.FieldMistake> _found = [];

    public bool Any => _found.Count > 0;

    public IReadOnlyList<Wire.FieldMistake> Found => _found;

    public void Add(string field, string message)
    {
        // A parameter may be read more than once; its mistake is one.
        var mistake = new Wire.FieldMistake(Shown(field), message);
        if (_found.Count < Most && !_found.Contains(mistake))
        {
            _found.Add(mistake);
        }
    }

    /// <summary>Names come from the caller, and one that does not look like a name may be a token that got into the wrong place (I13).</summary>
    private static string Shown(string field) => string.Join('.', field.Split('.').Select(static name =>
        name.Length <= LongestName && name.All(static c => char.IsLetterOrDigit(c) || c is '_' or '-' or ' ' or '[' or ']' or '~' or ':') ? name
            : $"({name.Length} characters)"));
}
