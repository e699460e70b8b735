using Npgsql;
using Rekindle.Sql;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Postgres.Refresh;

/// <summary>
/// Claims what is due: one statement over all integrations that have permits. Each integration's rows come from its own range of
/// the index, so that whatever else is overdue, paused or broken costs nothing (DESIGN §3).
/// </summary>
internal sealed class DueClaims(PostgresDatabase database)
{
    /// <summary>
    /// $1 integrations, $2 wanted, $3 kept for idle ones, $4 and $5 lower bounds, $6 due by, $7 lease in ms, $8 holder,
    /// $9 attempt ids, $10 the time for tests, $11 the timeline that the claimer knows.
    /// </summary>
    /// <remarks>
    /// Rows are chosen and locked first, then updated by their place in the table. A row that somebody changed between this
    /// statement's snapshot and the lock has moved to another place, which the snapshot does not show: it is not taken
    /// this time, and so nothing is claimed together with tokens that were read before they were replaced.
    /// <para><c>(select $1)</c> keeps the values from the planner. A plan for their sake is no better, and looks cheaper to it than the one it
    /// has prepared, so that it would plan every claim anew: a twelfth of all that refreshes cost it.</para>
    /// </remarks>
    public const string Statement =
        $"""
        with quotas as materialized (
            select q.integration_id, q.wanted, q.used_from, q.idle_from,
                   case when q.wanted > 1 then q.idle_share
                        -- A single permit goes to whichever is due first.
                        else (select head.priority from (
                                 (select s.priority, s.claimable_at {Candidates} and s.priority = 0 and s.claimable_at >= q.used_from
                                  order by s.claimable_at limit 1)
                                 union all
                                 (select s.priority, s.claimable_at {Candidates} and s.priority = 1 and s.claimable_at >= q.idle_from
                                  order by s.claimable_at limit 1)
                                 order by claimable_at, priority limit 1) as head)
                   end as idle_share
            from unnest((select $1::integer[]), (select $2::integer[]), (select $3::integer[]), (select $4::bigint[]), (select $5::bigint[]))
                 as q (integration_id, wanted, idle_share, used_from, idle_from)
            where (select $11::text) is null or (select $11::text) = {PostgresDatabase.Timeline}),
        used as materialized (
            select q.integration_id, r.* from quotas q cross join lateral (
                select s.ctid as place {Candidates} and s.priority = 0 and s.claimable_at >= q.used_from
                order by s.claimable_at limit q.wanted - coalesce(q.idle_share, 0) for update skip locked) as r),
        idle as materialized (
            select q.integration_id, r.* from quotas q cross join lateral (
                select s.ctid as place {Candidates} and s.priority = 1 and s.claimable_at >= q.idle_from
                order by s.claimable_at limit q.wanted - (select count(*) from used u where u.integration_id = q.integration_id)
                for update skip locked) as r),
        rest as materialized (
            select q.integration_id, r.* from quotas q cross join lateral (
                select s.ctid as place {Candidates} and s.priority = 0 and s.claimable_at >= q.used_from and s.ctid not in (select u.place from used u)
                order by s.claimable_at limit q.wanted - (select count(*) from used u where u.integration_id = q.integration_id)
                                                       - (select count(*) from idle i where i.integration_id = q.integration_id)
                for update skip locked) as r),
        picked as materialized (
            select place, row_number() over () as number
            from (select place from used union all select place from idle union all select place from rest) as p),
        clock as materialized (
            select coalesce($10::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now),
        s as (
            update refresh_schedule free set lease_until = clock.now + $7, leased_at = clock.now, holder = $8,
                attempt_id = ($9::uuid[])[picked.number], fence = free.fence + 1
            from picked, clock
            where free.ctid = picked.place
            returning free.*)
        select {ScheduledConnection.Columns}, s.priority
        from s
        -- Looked up row by row: "offset 0" keeps the planner from reading a whole table for them.
        cross join lateral (select * from connections c where c.shard = s.shard and c.id = s.connection_id offset 0) as c
        cross join lateral (select * from token_sets t where t.shard = s.shard and t.connection_id = s.connection_id offset 0) as t
        order by s.due_at, s.connection_id
        """;

    private const string Candidates = "from refresh_schedule s where s.integration_id = q.integration_id and s.claimable_at <= (select $6::bigint)";

    private readonly ScanBounds _bounds = new(database.Time);
    private readonly LostClaims _lost = new(database);

    public async Task<IReadOnlyList<Claim>> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var quotas = request.Quotas.Where(q => q.Limit > 0).ToArray();
        if (quotas.Length == 0)
        {
            return [];
        }

        await _lost.ReleaseAsync(cancellationToken).ConfigureAwait(false);
        var search = _bounds.Begin();
        var attemptIds = Enumerable.Range(0, quotas.Sum(q => q.Limit)).Select(_ => Guid.CreateVersion7(request.Now)).ToArray();
        var taken = await TakeAsync(request, quotas, attemptIds, search, cancellationToken).ConfigureAwait(false);
        if (taken.Count == 0 && request.Timeline is { } timeline)
        {
            // Perhaps somebody else was faster; perhaps nothing is claimed here at all.
            await database.RequireTimelineAsync(timeline, cancellationToken).ConfigureAwait(false);
        }

        Remember(search, request, quotas, taken);
        return [.. taken.Where(t => t.Row.Snapshot.Tokens is not null).Select(t => t.Row.ToClaim())];
    }

    private async Task<List<Taken>> TakeAsync(
        ClaimRequest request, ClaimQuota[] quotas, Guid[] attemptIds, ScanBounds.Search search, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // Not cancellable from here: leases that were taken must reach whoever gives them back.
            return await database.StatementAsync(
                async session =>
                {
                    var command = session.Statement(Statement);
                    await using var disposal = command.ConfigureAwait(false);
                    Bind(command.Parameters, request, quotas, attemptIds, search);
                    return await session.ListAsync(command, Taken.Read).ConfigureAwait(false);
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException exception) when (LostClaims.LeavesOpen(exception))
        {
            _lost.Add(attemptIds);
            throw;
        }
    }

    private void Bind(NpgsqlParameterCollection parameters, ClaimRequest request, ClaimQuota[] quotas, Guid[] attemptIds, ScanBounds.Search search)
    {
        Add(Array.ConvertAll(quotas, q => q.IntegrationId));
        Add(Array.ConvertAll(quotas, q => q.Limit));
        Add(Array.ConvertAll(quotas, q => ScheduleRules.IdleShare(q.Limit)));
        Add(Array.ConvertAll(quotas, q => search.From(ClaimQueue.Of(q.IntegrationId, ClaimQueue.RecentlyUsed))));
        Add(Array.ConvertAll(quotas, q => search.From(ClaimQueue.Of(q.IntegrationId, ClaimQueue.Idle))));
        Add((request.Now + request.DueWithin).ToUnixTimeMilliseconds());
        Add((long)request.Lease.TotalMilliseconds);
        Add(request.Holder);
        Add(attemptIds);
        parameters.Add(database.LeaseClock(request.Now));
        parameters.Add(new() { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text, Value = (object?)request.Timeline ?? DBNull.Value });

        void Add<T>(T value) => parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
    }

    // Where fewer came than were asked for, nothing is left that is due; else nothing before the last that came.
    private static void Remember(ScanBounds.Search search, ClaimRequest request, ClaimQuota[] quotas, List<Taken> taken)
    {
        foreach (var quota in quotas)
        {
            var own = taken.Where(t => t.Row.Snapshot.Connection.IntegrationId == quota.IntegrationId).ToArray();
            foreach (var priority in (int[])[ClaimQueue.RecentlyUsed, ClaimQueue.Idle])
            {
                if (own.Length < quota.Limit)
                {
                    search.Remember(ClaimQueue.Of(quota.IntegrationId, priority), request.Now, request.Now);
                }
                else if (own.LastOrDefault(t => t.Priority == priority) is { } last)
                {
                    search.Remember(ClaimQueue.Of(quota.IntegrationId, priority), last.Row.Snapshot.DueAt!.Value, request.Now);
                }
            }
        }

        search.End();
    }

    private sealed record Taken(ScheduledConnection Row, int Priority)
    {
        public static Taken Read(SqlRow row) => new(ScheduledConnection.Read(row), row.Int());
    }
}
