using System.Data.Common;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Turns the present row of a result into a record.</summary>
internal delegate T SqlRead<out T>(SqlRow row);

/// <summary>
/// The present row of a result, read column by column from the left: the order of the reads is the order of the
/// statement's columns. Instants are Unix milliseconds, words snake_case (docs/decisions/0003).
/// </summary>
internal sealed class SqlRow(DbDataReader reader)
{
    private int _next;

    /// <summary>Starts over at the first column, for the next row.</summary>
    public SqlRow Rewind()
    {
        _next = 0;
        return this;
    }

    /// <summary>Whether the next column is null; it is still the next one afterwards.</summary>
    public bool IsNull => reader.IsDBNull(_next);

    /// <summary>Passes over columns.</summary>
    public void Skip(int columns) => _next += columns;

    public int Int() => reader.GetInt32(_next++);

    public int? IntOrNull() => TakeNull() ? null : Int();

    public long Long() => reader.GetInt64(_next++);

    public long? LongOrNull() => TakeNull() ? null : Long();

    public bool Flag() => reader.GetBoolean(_next++);

    public string Text() => reader.GetString(_next++);

    public string? TextOrNull() => TakeNull() ? null : Text();

    public byte[] Bytes() => reader.GetFieldValue<byte[]>(_next++);

    public byte[]? BytesOrNull() => TakeNull() ? null : Bytes();

    public Guid Guid() => reader.GetGuid(_next++);

    public Guid? GuidOrNull() => TakeNull() ? null : Guid();

    public DateTimeOffset Instant() => DateTimeOffset.FromUnixTimeMilliseconds(Long());

    public DateTimeOffset? InstantOrNull() => TakeNull() ? null : Instant();

    public SealedSecret Sealed() => new(Bytes());

    public SealedSecret? SealedOrNull() => TakeNull() ? null : Sealed();

    public T Word<T>()
        where T : struct, Enum => Names.Parse<T>(Text());

    public T? WordOrNull<T>()
        where T : struct, Enum => TakeNull() ? null : Word<T>();

    public ConnectionId ConnectionId() => new(Long());

    public ConnectionId? ConnectionIdOrNull() => TakeNull() ? null : ConnectionId();

    public ConnectionKey Key() => new(Text(), Text(), Text(), Text(), Text(), Text());

    public IReadOnlyList<string> TextList() => SqlJson.ReadList(Text());

    public IReadOnlyDictionary<string, string> TextMap() => SqlJson.ReadMap(Text());

    /// <summary>As the driver gives it; null for null.</summary>
    public object? Value() => TakeNull() ? null : reader.GetValue(_next++);

    private bool TakeNull()
    {
        if (!reader.IsDBNull(_next))
        {
            return false;
        }

        _next++;
        return true;
    }
}
