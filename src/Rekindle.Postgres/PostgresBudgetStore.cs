using Rekindle.Sql;
using Rekindle.Storage;

namespace Rekindle.Postgres;

/// <summary>Permits on PostgreSQL: an advisory lock per integration makes counting and taking one step.</summary>
/// <remarks>
/// None of these writes waits for the disk. Under a permit nothing is sent for a connection before its claim has committed, which does wait, and with
/// it for all that was written before it: whatever a database forgets in a crash, it forgets no permit that a refresh used. An operator's test of an
/// integration has no claim; that one permit may be forgotten.
/// </remarks>
internal sealed class PostgresBudgetStore(PostgresDatabase database) : IBudgetStore
{
    private const int LockSpace = 0x62756467; // "budg" in ASCII

    private const string WithoutWaiting = "select set_config('synchronous_commit', 'off', true)";

    // A statement of its own before the count, so that all that was taken before we got the lock is counted.
    private const string Lock = "select pg_advisory_xact_lock($1, $2)";

    private const string Take =
        """
        with room as (
            select least($5, $6 - coalesce(sum(taken), 0))::integer as permits from budgets where integration_id = $1 and slot >= $2),
        forgotten as (
            delete from budgets where integration_id = $1 and slot < $3)
        insert into budgets (integration_id, slot, taken) select $1, $4, permits from room where permits > 0
        on conflict (integration_id, slot) do update set taken = budgets.taken + excluded.taken
        returning (select permits from room)
        """;

    private const string Return = "update budgets set taken = greatest(taken - $1, 0) where integration_id = $2 and slot = $3";

    private const string Record =
        """
        insert into budgets (integration_id, slot, successful, failed)
        select * from unnest($1::integer[], $2::bigint[], $3::integer[], $4::integer[])
        on conflict (integration_id, slot) do update set successful = budgets.successful + excluded.successful, failed = budgets.failed + excluded.failed
        """;

    public async Task<int> TakeAsync(
        int integrationId, int wanted, int ceiling, TimeSpan window, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var slots = BudgetSlots.Of(window);
        return wanted <= 0 ? 0 : await database.StatementAsync(
            async session =>
            {
                var batch = session.Batch(
                    (WithoutWaiting, []),
                    (Lock, [LockSpace, integrationId]),
                    (Take, [integrationId, slots.FirstCounted(now), slots.Forgotten(now), slots.SlotOf(now), (long)wanted, (long)ceiling]));
                await using var batchDisposal = batch.ConfigureAwait(false);
                var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using var readerDisposal = reader.ConfigureAwait(false);
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                return await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? reader.GetInt32(0) : 0;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public Task ReturnAsync(
        int integrationId, int permits, TimeSpan window, DateTimeOffset takenAt, CancellationToken cancellationToken) =>
        WriteAsync(Return, [permits, integrationId, BudgetSlots.Of(window).SlotOf(takenAt)], cancellationToken);

    public Task RecordAsync(IReadOnlyList<BudgetOutcomes> outcomes, DateTimeOffset now, CancellationToken cancellationToken) => WriteAsync(
        Record,
        [
            outcomes.Select(o => o.IntegrationId).ToArray(), outcomes.Select(o => BudgetSlots.Of(o.Window).SlotOf(now)).ToArray(),
            outcomes.Select(o => o.Successful).ToArray(), outcomes.Select(o => o.Failed).ToArray(),
        ],
        cancellationToken);

    public Task<BudgetUse> ReadAsync(int integrationId, TimeSpan window, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.StatementAsync(
            async session => (await session.FirstAsync(
                """
                select coalesce(sum(taken), 0), coalesce(sum(successful), 0), coalesce(sum(failed), 0) from budgets
                where integration_id = @integration and slot >= @first
                """,
                static row => new BudgetUse(row.Int(), row.Int(), row.Int()),
                ("integration", integrationId), ("first", BudgetSlots.Of(window).FirstCounted(now))).ConfigureAwait(false))!,
            cancellationToken);

    private Task<int> WriteAsync(string sql, object[] parameters, CancellationToken cancellationToken) => database.StatementAsync(
        async session =>
        {
            var batch = session.Batch((WithoutWaiting, []), (sql, parameters));
            await using var disposal = batch.ConfigureAwait(false);
            return await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);
}
