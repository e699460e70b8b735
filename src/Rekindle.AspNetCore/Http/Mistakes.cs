namespace Rekindle.AspNetCore.Http;

/// <summary>Everything that is wrong with a request, so that one answer names it all.</summary>
internal sealed class Mistakes
{
    private const int Most = 50;

    private readonly List<Wire.FieldMistake> _found = [];

    public bool Any => _found.Count > 0;

    public IReadOnlyList<Wire.FieldMistake> Found => _found;

    public void Add(string field, string message)
    {
        // A parameter may be read more than once; its mistake is one.
        var mistake = new Wire.FieldMistake(field, message);
        if (_found.Count < Most && !_found.Contains(mistake))
        {
            _found.Add(mistake);
        }
    }
}
