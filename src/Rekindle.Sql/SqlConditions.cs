using System.Globalization;

namespace Rekindle.Sql;

/// <summary>Conditions joined by "and", with their parameters. A filter that is not given adds none.</summary>
internal sealed class SqlConditions
{
    private readonly List<string> _conditions = [];
    private readonly List<(string Name, object? Value)> _parameters = [];

    /// <summary>The whole clause.</summary>
    public string Where => _conditions.Count == 0 ? "" : "where " + string.Join(" and ", _conditions);

    /// <summary>All parameters, and more for the rest of the statement.</summary>
    public (string Name, object? Value)[] Parameters(params (string Name, object? Value)[] more) => [.. _parameters, .. more];

    /// <summary>A condition with one parameter.</summary>
    public void Add(string condition, string name, object value)
    {
        _conditions.Add(condition);
        _parameters.Add((name, value));
    }

    /// <summary>A condition with one parameter, unless its value is null.</summary>
    public void AddIf(object? value, string condition, string name)
    {
        if (value is not null)
        {
            Add(condition, name, value);
        }
    }

    /// <summary>A column has one of these values; null: any. An empty list finds nothing.</summary>
    public void AddIn(string column, string name, IReadOnlyCollection<string>? values)
    {
        if (values is null)
        {
            return;
        }

        if (values.Count == 0)
        {
            _conditions.Add("1 = 0");
            return;
        }

        var names = values.Select((_, i) => name + i.ToString(CultureInfo.InvariantCulture)).ToArray();
        _conditions.Add($"{column} in ({string.Join(", ", names.Select(n => "@" + n))})");
        _parameters.AddRange(values.Zip(names, (value, n) => (n, (object?)value)));
    }
}
