using Rekindle.Attempts;
using Rekindle.Sql.Attempts;
using Rekindle.Storage;

namespace Rekindle.Postgres;

/// <summary>The attempt log on PostgreSQL: a partition per day.</summary>
internal sealed class PostgresAttemptStore(PostgresDatabase database, AttemptPartitions partitions) : SqlAttemptStore(database)
{
    public override async Task AppendAsync(IReadOnlyList<Attempt> attempts, CancellationToken cancellationToken)
    {
        try
        {
            await base.AppendAsync(attempts, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException exception) when (PostgresErrors.LacksPartition(exception))
        {
            await partitions.EnsureAsync(attempts.Select(a => a.CreatedAt), cancellationToken).ConfigureAwait(false);
            await base.AppendAsync(attempts, cancellationToken).ConfigureAwait(false);
        }
    }

    public override Task MaintainAsync(DateTimeOffset now, TimeSpan retention, CancellationToken cancellationToken) =>
        partitions.MaintainAsync(now, retention, cancellationToken);
}
