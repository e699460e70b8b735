using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Connections;

/// <summary>Changes of a connection by hand: levers, completion, label and metadata.</summary>
internal sealed class LeverWriter(SqlDatabase database)
{
    /// <inheritdoc cref="IConnectionStore.ApplyAsync"/>
    public Task<ConnectionSnapshot?> ApplyAsync(ConnectionId id, LeverChange change, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                var before = await LockAndReadAsync(session, id).ConfigureAwait(false);
                if (before is null || Levers.EffectOf(change, before, now) is not { } effect)
                {
                    return before;
                }

                await WriteAsync(session, before, await WithDependentsAsync(session, before, effect).ConfigureAwait(false), now).ConfigureAwait(false);
                if (change is LeverChange.EndSimulation)
                {
                    await RestoreDependentsAsync(session, before).ConfigureAwait(false);
                }

                if (change is LeverChange.Revoke)
                {
                    await NotificationSql.CloseAsync(session, id, now).ConfigureAwait(false);
                }

                return await ConnectionSql.GetAsync(session, id).ConfigureAwait(false);
            },
            cancellationToken);

    /// <inheritdoc cref="IConnectionStore.CompleteAsync"/>
    public Task<bool> CompleteAsync(
        ConnectionId id, int grantNo, DateTimeOffset? dueAt, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            var before = await LockAndReadAsync(session, id).ConfigureAwait(false);
            if (before is not { Connection.Status: ConnectionStatus.Pending, Tokens: { } tokens } || tokens.GrantNo != grantNo)
            {
                return false;
            }

            var due = dueAt is { } wanted ? Levers.Later(wanted, now) : (DateTimeOffset?)null;
            var effect = new LeverEffect(Levers.Usable(before.Connection, tokens, now), due);
            await WriteAsync(session, before, effect, now).ConfigureAwait(false);
            await NotificationSql.CloseAsync(session, id, now).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <inheritdoc cref="IConnectionStore.PatchAsync"/>
    public Task<ConnectionSnapshot?> PatchAsync(ConnectionId id, ConnectionPatch patch, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                if (await LockAndReadAsync(session, id).ConfigureAwait(false) is not { } before)
                {
                    return null;
                }

                await session.ExecuteAsync(
                    """
                    update connections set label = coalesce(@label, label), metadata = @metadata, updated_at = @now
                    where shard = @shard and id = @id
                    """,
                    ("label", patch.Label), ("metadata", SqlJson.Of(Merge(before.Connection.Metadata, patch.Metadata))),
                    ("now", now), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
                await ChangeFeedSql.AppendAsync(session, id, before.Tokens?.Version ?? 0, now).ConfigureAwait(false);
                return await ConnectionSql.GetAsync(session, id).ConfigureAwait(false);
            },
            cancellationToken);

    private static IReadOnlyDictionary<string, string> Merge(
        IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string?>? changes)
    {
        if (changes is null)
        {
            return before;
        }

        var merged = new Dictionary<string, string>(before);
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                merged.Remove(name);
            }
            else
            {
                merged[name] = value;
            }
        }

        return merged;
    }

    private async Task<ConnectionSnapshot?> LockAndReadAsync(SqlSession session, ConnectionId id) =>
        await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false)
            ? await ConnectionSql.GetAsync(session, id).ConfigureAwait(false)
            : null;

    // A simulation that follows another hides the same dates.
    private static async Task<LeverEffect> WithDependentsAsync(SqlSession session, ConnectionSnapshot before, LeverEffect effect)
    {
        if (effect.Connection.Simulation is not { } simulation)
        {
            return effect;
        }

        var since = before.Connection.Simulation?.Hidden.DependentsSince ?? (await session.ListAsync(
            "select name, state_since from dependents where shard = @shard and connection_id = @id",
            static row => KeyValuePair.Create(row.Text(), row.Instant()),
            ("shard", before.Connection.Id.Shard), ("id", before.Connection.Id)).ConfigureAwait(false)).ToDictionary();
        return effect with
        {
            Connection = effect.Connection with { Simulation = simulation with { Hidden = simulation.Hidden with { DependentsSince = since } } },
        };
    }

    private static async Task RestoreDependentsAsync(SqlSession session, ConnectionSnapshot before)
    {
        foreach (var (name, since) in before.Connection.Simulation!.Hidden.DependentsSince)
        {
            await session.ExecuteAsync(
                "update dependents set state_since = @since where shard = @shard and connection_id = @id and name = @name",
                ("since", since), ("shard", before.Connection.Id.Shard), ("id", before.Connection.Id), ("name", name)).ConfigureAwait(false);
        }
    }

    // The lease is left as it is: a flight goes on, and its commit finds the raised epoch (I2).
    private static async Task WriteAsync(SqlSession session, ConnectionSnapshot before, LeverEffect effect, DateTimeOffset now)
    {
        var after = effect.Connection;
        await ConnectionSql.WriteStateAsync(session, after, now).ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            update refresh_schedule set due_at = @due_at, degrade_at = @degrade_at, epoch = epoch + 1,
                verdict_held = verdict_held and @rehearsal,
                open_intents = case when @rehearsal then open_intents else 0 end
            where shard = @shard and connection_id = @id
            """,
            ("due_at", effect.DueAt), ("rehearsal", effect.IsRehearsal), ("degrade_at", after.Status == ConnectionStatus.Active ? before.Tokens?.ExpiresAt : null),
            ("shard", after.Id.Shard), ("id", after.Id)).ConfigureAwait(false);
        await ConnectionSql.SetDependentsAsync(session, after.Id, ConnectionSql.DependentsOf(after.Status), now).ConfigureAwait(false);
        if (before.Connection.Simulation is not null)
        {
            await NotificationSql.CloseTestsAsync(session, after.Id, now).ConfigureAwait(false);
        }

        foreach (var draft in effect.Opens)
        {
            await NotificationSql.OpenTestAsync(session, after, draft, now).ConfigureAwait(false);
        }

        await ChangeFeedSql.AppendAsync(session, after.Id, after.Status, before.Tokens?.Version ?? 0, now).ConfigureAwait(false);
    }
}
