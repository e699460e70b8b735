using System.Text;

namespace Rekindle.Drills;

/// <summary>What an answer of PostgreSQL's says of the transaction that is looked for.</summary>
internal enum Talk
{
    /// <summary>It is another one, or goes on.</summary>
    Irrelevant,

    /// <summary>The transaction is that one, and the answer is not complete.</summary>
    Undecided,

    /// <summary>It is committed.</summary>
    Committed,
}

/// <summary>
/// Listens to a conversation in PostgreSQL's protocol (version 3, no TLS) and knows which statements the transaction under way ran.
/// </summary>
internal sealed class PostgresTalk
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _prepared = [];
    private readonly MessageSplitter _asks;
    private readonly MessageSplitter _answers;

    // Statements of the request that is being written, of those that are not answered yet, and of the transaction so far.
    private readonly List<string> _written = [];
    private readonly Queue<string[]> _unanswered = [];
    private readonly List<string> _transaction = [];
    private Func<string, bool>? _fits;
    private bool _fails;
    private bool _committed;

    public PostgresTalk()
    {
        _asks = new MessageSplitter(fromClient: true, Ask);
        _answers = new MessageSplitter(fromClient: false, Answer);
    }

    /// <summary>Bytes on their way to the server.</summary>
    public void Asked(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _asks.Take(bytes);
        }
    }

    /// <summary>Bytes on their way back; <paramref name="fits"/> tells the statement that is looked for.</summary>
    public Talk Answered(ReadOnlySpan<byte> bytes, Func<string, bool>? fits)
    {
        lock (_gate)
        {
            (_fits, _committed) = (fits, false);
            _answers.Take(bytes);
            return fits is null ? Talk.Irrelevant
                : _committed ? Talk.Committed
                : _unanswered.TryPeek(out var next) && _transaction.Concat(next).Any(fits) ? Talk.Undecided
                : Talk.Irrelevant;
        }
    }

    private void Ask(char type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case 'Q':
                _unanswered.Enqueue([Text(ref body)]);
                break;
            case 'P':
                var name = Text(ref body);
                _prepared[name] = Text(ref body);
                break;
            case 'B':
                _ = Text(ref body);
                _written.Add(_prepared.GetValueOrDefault(Text(ref body), ""));
                break;
            case 'S':
                _unanswered.Enqueue([.. _written]);
                _written.Clear();
                break;
        }
    }

    private void Answer(char type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case 'E':
            case 'C' when body.StartsWith("ROLLBACK"u8):
                _fails = true;
                break;
            case 'Z':
                // The first one ends the sign-in and answers nothing.
                _transaction.AddRange(_unanswered.TryDequeue(out var answered) ? answered : []);
                EndTransaction(isOver: body[0] == (byte)'I');
                break;
        }
    }

    private void EndTransaction(bool isOver)
    {
        if (!isOver)
        {
            return;
        }

        _committed |= !_fails && _fits is not null && _transaction.Any(_fits);
        _fails = false;
        _transaction.Clear();
    }

    private static string Text(ref ReadOnlySpan<byte> body)
    {
        var end = body.IndexOf((byte)0);
        var text = Encoding.UTF8.GetString(end < 0 ? body : body[..end]);
        body = end < 0 ? [] : body[(end + 1)..];
        return text;
    }
}
