using System.Collections.Concurrent;
using Npgsql;
using Rekindle.Storage;

namespace Rekindle.Postgres.Refresh;

/// <summary>
/// Claims whose acknowledgement was lost: the leases may stand, and nobody knows of them, so nothing was sent under them. They are given
/// back as soon as the database answers, instead of ending as open intents (DESIGN §3).
/// </summary>
internal sealed class LostClaims(PostgresDatabase database)
{
    // A statement that was cut off may still take effect until its own time limit ends it.
    private static readonly TimeSpan Pursuit = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<(Guid[] AttemptIds, long LostAt)> _lost = new();

    /// <summary>Whether this failure leaves it open what became of the statement: the server has not said that it refused it.</summary>
    public static bool LeavesOpen(StoreException exception) => exception is { IsTransient: true, InnerException: not PostgresException };

    /// <summary>Remembers leases that may have been taken.</summary>
    public void Add(Guid[] attemptIds) => _lost.Enqueue((attemptIds, database.Time.GetTimestamp()));

    /// <summary>Gives back those that were.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (_lost.IsEmpty)
        {
            return;
        }

        await database.StatementAsync(
            async session =>
            {
                var command = session.Statement(
                    """
                    update refresh_schedule set lease_until = null, holder = null, leased_at = null
                    where lease_until is not null and attempt_id = any ($1)
                    """);
                await using var disposal = command.ConfigureAwait(false);
                command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. _lost.SelectMany(l => l.AttemptIds)] });
                return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        while (_lost.TryPeek(out var oldest) && database.Time.GetElapsedTime(oldest.LostAt) > Pursuit)
        {
            _lost.TryDequeue(out _);
        }
    }
}
