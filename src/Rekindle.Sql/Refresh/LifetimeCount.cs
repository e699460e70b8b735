using System.Globalization;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>How many scheduled connections have tokens of which lifetime, with the same statement on every database.</summary>
internal static class LifetimeCount
{
    public static Task<IReadOnlyList<LifetimeGroup>> ReadAsync(
        SqlDatabase database, IReadOnlyCollection<int> integrationIds, CancellationToken cancellationToken) =>
        integrationIds.Count == 0
            ? Task.FromResult<IReadOnlyList<LifetimeGroup>>([])
            : database.ReadAsync<IReadOnlyList<LifetimeGroup>>(
                async session => await session.ListAsync(
                    // Numbers of ours, not texts of somebody's: they may stand in the statement. Whole seconds: providers vary by a few milliseconds.
                    $"""
                    select s.integration_id, (t.expires_at - t.issued_at) / 1000, count(*)
                    from refresh_schedule s join token_sets t on t.shard = s.shard and t.connection_id = s.connection_id
                    where s.due_at is not null and s.integration_id in ({string.Join(", ", integrationIds.Select(id => id.ToString(CultureInfo.InvariantCulture)))})
                    group by 1, 2
                    """,
                    static row => new LifetimeGroup(
                        row.Int(), row.LongOrNull() is { } seconds ? TimeSpan.FromSeconds(seconds) : null, (int)row.Long())).ConfigureAwait(false),
                cancellationToken);
}
