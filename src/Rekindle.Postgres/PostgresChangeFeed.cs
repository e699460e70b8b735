using Rekindle.Sql;

namespace Rekindle.Postgres;

/// <summary>The change feed on PostgreSQL.</summary>
internal sealed class PostgresChangeFeed(PostgresDatabase database) : SqlChangeFeed(database)
{
    private readonly TimeProvider _time = database.Time;
    private readonly ChangeSignal _signal = database.Signal;

    // Taken before the reader looks into the feed, so that what is written while it looks is not missed. Null until the first wait.
    private Task? _next;

    public override async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var next = Volatile.Read(ref _next) ?? _signal.Next;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(next, Task.Delay(atMost, _time, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        Volatile.Write(ref _next, _signal.Next);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
