using Npgsql;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Simulator;
using Rekindle.Simulator.History;

namespace Rekindle.Drills.Away;

/// <summary>A connection of the drill's.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Grant">The provider's name of its grant.</param>
internal sealed record AwayConnection(string Id, string Grant);

/// <summary>Holds the database of a fleet against its provider's memory.</summary>
internal sealed class AwayWitness(AwayFleet fleet, AwayDatabase database, SimulatorHost simulator) : IDisposable
{
    private readonly Sealer _sealer = new(database.Ring);
    private readonly Fingerprinter _fingerprinter = new(database.Ring);

    /// <summary>Refresh tokens as the provider saw them come.</summary>
    public IReadOnlyList<Presentation> Presented => simulator.History.Refreshes(fleet.Provider.Name);

    /// <summary>Connections that are due, and that nobody has claimed.</summary>
    public async Task<int> CountDueAsync()
    {
        await using var connection = await database.ConnectAsync(fleet.Variant.Name);
        await using var command = new NpgsqlCommand("select count(*)::int from refresh_schedule where claimable_at <= $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() });
        return (int)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Connections that are not active, are in somebody's hands, or whose newest refresh token the database does not have.</summary>
    public async Task<IReadOnlyList<AwayConnection>> FindUnwellAsync(IReadOnlyList<AwayConnection> connections)
    {
        const string Sql =
            """
            select c.id, c.environment, c.status = 'active' and s.lease_until is null and s.in_doubt_since is null and not s.verdict_held, t.grant_no, t.refresh_token
            from connections c join token_sets t on t.shard = c.shard and t.connection_id = c.id
                join refresh_schedule s on s.shard = c.shard and s.connection_id = c.id
            """;
        var well = new HashSet<string>();
        await using var connection = await database.ConnectAsync(fleet.Variant.Name);
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var grants = connections.ToDictionary(c => c.Id, c => c.Grant);
        while (await reader.ReadAsync())
        {
            var id = new ConnectionId(reader.GetInt64(0));
            var stored = _sealer.Open(
                new SealedSecret(reader.GetFieldValue<byte[]>(4)), Connection.SealContextOf(reader.GetString(1), id, SecretKind.RefreshToken, reader.GetInt32(3)));
            if (reader.GetBoolean(2) && stored is OpenResult.Opened { Value: var token } && IsNewest(grants[id.ToString()], token))
            {
                well.Add(id.ToString());
            }
        }

        return [.. connections.Where(c => !well.Contains(c.Id))];
    }

    /// <summary>Of what came to the provider while the database was away: how much of it no worker had claimed before.</summary>
    public async Task<int> CountUnclaimedAsync(IReadOnlyList<Presentation> sentLater)
    {
        var claimed = new HashSet<string>();
        await using var connection = await database.ConnectAsync(fleet.Variant.Name);
        await using var command = new NpgsqlCommand("select id, stages::json #>> '{sent,fingerprint}' from attempts where stages is not null", connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            // An attempt's id is made when its claim is, and says when that was.
            if (!reader.IsDBNull(1) && MadeAt(reader.GetGuid(0)) <= database.WentAt)
            {
                claimed.Add(reader.GetString(1));
            }
        }

        return sentLater.Count(p => !claimed.Contains(_fingerprinter.Of(new Secret(fleet.Provider.RefreshTokenOf(p.GrantId!, p.Generation!.Value)))));
    }

    public void Dispose() => _fingerprinter.Dispose();

    private bool IsNewest(string grant, Secret stored) => fleet.Provider.FindGrant(grant) is { End: null, Generation: var newest }
        && _fingerprinter.Of(stored) == _fingerprinter.Of(new Secret(fleet.Provider.RefreshTokenOf(grant, newest)));

    private static DateTimeOffset MadeAt(Guid id) => DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(id.ToString("N")[..12], 16));
}
