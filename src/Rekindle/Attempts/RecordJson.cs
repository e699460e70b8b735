using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Rekindle.Attempts;

/// <summary>
/// Renders a part of an attempt's record as JSON. Each thread keeps one writer and its buffer: every attempt has up to three such parts.
/// Only what may be recorded is ever written here, so that nothing has to be wiped.
/// </summary>
internal sealed class RecordJson : IDisposable
{
    private const int FirstBuffer = 2 * 1024;
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static RecordJson? _idle;

    private readonly ArrayBufferWriter<byte> _buffer = new(FirstBuffer);

    private RecordJson() => Writer = new Utf8JsonWriter(_buffer);

    public Utf8JsonWriter Writer { get; }

    public static RecordJson Begin()
    {
        var record = _idle ?? new RecordJson();
        _idle = null;
        return record;
    }

    /// <summary>What has been written since the beginning, or since this was last asked.</summary>
    public string Take()
    {
        Writer.Flush();
        var text = Encoding.UTF8.GetString(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
        Writer.Reset();
        return text;
    }

    public void Dispose()
    {
        // What was not taken, because something failed on the way.
        _buffer.ResetWrittenCount();
        Writer.Reset();
        _idle = _buffer.Capacity <= LargestKept ? this : _idle;
    }
}
