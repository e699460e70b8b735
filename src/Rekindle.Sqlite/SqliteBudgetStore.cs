using Rekindle.Sql;
using Rekindle.Storage;

namespace Rekindle.Sqlite;

/// <summary>Permits on SQLite: the write lock makes counting and taking one step.</summary>
internal sealed class SqliteBudgetStore(SqliteDatabase database) : IBudgetStore
{
    public Task<int> TakeAsync(
        int integrationId, int wanted, int ceiling, TimeSpan window, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                var slots = BudgetSlots.Of(window);
                var use = await ReadAsync(session, integrationId, slots, now).ConfigureAwait(false);
                var taken = Math.Clamp(ceiling - use.Taken, 0, Math.Max(wanted, 0));
                if (taken > 0)
                {
                    await AddAsync(session, integrationId, slots, now, (taken, 0, 0)).ConfigureAwait(false);
                    await session.ExecuteAsync(
                        "delete from budgets where integration_id = @integration and slot < @forgotten",
                        ("integration", integrationId), ("forgotten", slots.Forgotten(now))).ConfigureAwait(false);
                }

                return taken;
            },
            cancellationToken);

    public Task ReturnAsync(
        int integrationId, int permits, TimeSpan window, DateTimeOffset takenAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session => session.ExecuteAsync(
                "update budgets set taken = max(taken - @permits, 0) where integration_id = @integration and slot = @slot",
                ("permits", permits), ("integration", integrationId), ("slot", BudgetSlots.Of(window).SlotOf(takenAt))),
            cancellationToken);

    public Task RecordAsync(IReadOnlyList<BudgetOutcomes> outcomes, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                foreach (var of in outcomes)
                {
                    await AddAsync(session, of.IntegrationId, BudgetSlots.Of(of.Window), now, (0, of.Successful, of.Failed)).ConfigureAwait(false);
                }
            },
            cancellationToken);

    public Task<BudgetUse> ReadAsync(int integrationId, TimeSpan window, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ReadAsync(session, integrationId, BudgetSlots.Of(window), now), cancellationToken);

    private static async Task<BudgetUse> ReadAsync(SqlSession session, int integrationId, BudgetSlots slots, DateTimeOffset now) =>
        (await session.FirstAsync(
            """
            select coalesce(sum(taken), 0), coalesce(sum(successful), 0), coalesce(sum(failed), 0) from budgets
            where integration_id = @integration and slot >= @first
            """,
            static row => new BudgetUse(row.Int(), row.Int(), row.Int()), ("integration", integrationId), ("first", slots.FirstCounted(now)))
            .ConfigureAwait(false))!;

    private static Task<int> AddAsync(
        SqlSession session, int integrationId, BudgetSlots slots, DateTimeOffset now, (int Taken, int Successful, int Failed) more) =>
        session.ExecuteAsync(
            """
            insert into budgets (integration_id, slot, taken, successful, failed) values (@integration, @slot, @taken, @successful, @failed)
            on conflict (integration_id, slot) do update set taken = budgets.taken + excluded.taken,
                successful = budgets.successful + excluded.successful, failed = budgets.failed + excluded.failed
            """,
            ("integration", integrationId), ("slot", slots.SlotOf(now)), ("taken", more.Taken), ("successful", more.Successful),
            ("failed", more.Failed));
}
