using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Bounded counts, with the same statements on both databases. Each names the condition of the partial index that serves it.</summary>
internal sealed class SqlObservationStore(SqlDatabase database) : IObservationStore
{
    internal const string Overdue =
        """
        select count(*) from (
            select 1 from refresh_schedule
            where integration_id = @integration and priority = @priority and claimable_at >= @from and claimable_at <= @before
            limit @most) as counted
        """;

    internal const string Ended =
        "select count(*) from (select 1 from refresh_schedule where degrade_at <= @before and lease_until is null limit @most) as counted";

    internal const string Late = "select count(*) from (select 1 from late_results where settled_at is null limit @most) as counted";

    internal const string Undecryptable =
        """
        select count(*) from (
            select 1 from notifications where kind = 'undecryptable' and closed_at is null and not is_test limit @most) as counted
        """;

    public Task<StoreObservation> ReadAsync(ObservationRequest request, CancellationToken cancellationToken) => database.ReadAsync(
        async session => new StoreObservation(
            await ReadOverdueAsync(session, request).ConfigureAwait(false),
            await CountAsync(session, Ended, ("before", request.EndedBefore), ("most", request.AtMost)).ConfigureAwait(false),
            await CountAsync(session, Late, ("most", request.AtMost)).ConfigureAwait(false),
            await CountAsync(session, Undecryptable, ("most", request.AtMost)).ConfigureAwait(false)),
        cancellationToken);

    private static async Task<Dictionary<int, int>> ReadOverdueAsync(SqlSession session, ObservationRequest request)
    {
        var counts = new Dictionary<int, int>();
        foreach (var range in request.Overdue)
        {
            var count = 0;
            foreach (var priority in (int[])[0, 1])
            {
                count += await CountAsync(
                    session, Overdue, ("integration", range.IntegrationId), ("priority", priority), ("from", range.From), ("before", range.Before),
                    ("most", request.AtMost)).ConfigureAwait(false);
            }

            if (count > 0)
            {
                counts[range.IntegrationId] = Math.Min(count, request.AtMost);
            }
        }

        return counts;
    }

    private static Task<int> CountAsync(SqlSession session, string sql, params (string Name, object? Value)[] parameters) =>
        session.FirstAsync(sql, static row => (int)row.Long(), parameters);
}
