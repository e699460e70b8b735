using System.Globalization;
using Npgsql;
using Rekindle.Encryption;

namespace Rekindle.Postgres;

/// <summary>
/// Rows as PostgreSQL takes many at once: one array per column, put together again by <c>unnest</c>. Name, type and value of
/// each column stand in one place, so that statement and parameters cannot get out of step.
/// </summary>
internal sealed class RowArrays<TRow>
{
    private readonly List<(string Name, string Type, Func<IReadOnlyList<TRow>, NpgsqlParameter> ToParameter)> _columns = [];

    /// <summary>How many parameters it takes.</summary>
    public int Count => _columns.Count;

    /// <summary>Names of the columns.</summary>
    public string Names => string.Join(", ", _columns.Select(c => c.Name));

    /// <summary>
    /// The table expression, whose first parameter has this number. The planner does not see the arrays, and so has no reason to make a new
    /// plan for each batch.
    /// </summary>
    public string Unnest(int first, string alias) => string.Create(
        CultureInfo.InvariantCulture,
        $"unnest({string.Join(", ", _columns.Select((c, i) => string.Create(CultureInfo.InvariantCulture, $"(select ${first + i}::{c.Type}[])")))}) as {alias} ({Names})");

    /// <summary>Adds the arrays to a statement's parameters.</summary>
    public void Bind(NpgsqlParameterCollection parameters, IReadOnlyList<TRow> rows)
    {
        foreach (var column in _columns)
        {
            parameters.Add(column.ToParameter(rows));
        }
    }

    public RowArrays<TRow> Small(string name, Func<TRow, short> value) => Add(name, "smallint", value);

    public RowArrays<TRow> Int(string name, Func<TRow, int> value) => Add(name, "integer", value);

    public RowArrays<TRow> IntOrNull(string name, Func<TRow, int?> value) => Add(name, "integer", value);

    public RowArrays<TRow> Long(string name, Func<TRow, long> value) => Add(name, "bigint", value);

    public RowArrays<TRow> LongOrNull(string name, Func<TRow, long?> value) => Add(name, "bigint", value);

    public RowArrays<TRow> Instant(string name, Func<TRow, DateTimeOffset?> value) => Add(name, "bigint", row => value(row)?.ToUnixTimeMilliseconds());

    public RowArrays<TRow> Flag(string name, Func<TRow, bool> value) => Add(name, "boolean", value);

    public RowArrays<TRow> Uuid(string name, Func<TRow, Guid> value) => Add(name, "uuid", value);

    public RowArrays<TRow> Text(string name, Func<TRow, string?> value) =>
        Add(name, "text", row => value(row) is { } text ? PostgresText.Clean(text) : null);

    public RowArrays<TRow> Sealed(string name, Func<TRow, SealedSecret?> value) => Add(name, "bytea", row => value(row)?.Bytes);

    private RowArrays<TRow> Add<TValue>(string name, string type, Func<TRow, TValue> value)
    {
        _columns.Add((name, type, rows =>
        {
            var values = new TValue[rows.Count];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = value(rows[i]);
            }

            return new NpgsqlParameter<TValue[]> { TypedValue = values };
        }
        ));
        return this;
    }
}
