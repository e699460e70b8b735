using Rekindle.Sql;

namespace Rekindle.Sqlite;

/// <summary>The change feed on SQLite: writers of this process wake readers at once; what other processes write is found by polling.</summary>
internal sealed class SqliteChangeFeed : SqlChangeFeed
{
    private readonly TimeProvider _time;
    private TaskCompletionSource _written = NewSignal();

    public SqliteChangeFeed(SqliteDatabase database)
        : base(database)
    {
        _time = database.Time;
        database.Changed += () => Interlocked.Exchange(ref _written, NewSignal()).SetResult();
    }

    public override async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Volatile.Read(ref _written).Task, Task.Delay(atMost, _time, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
