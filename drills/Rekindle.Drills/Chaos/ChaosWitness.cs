using System.Text.Json;
using Npgsql;
using Rekindle.Encryption;
using Rekindle.Simulator;

namespace Rekindle.Drills.Chaos;

/// <summary>Where a connection stands in the database.</summary>
internal sealed record Standing(string Status, string? Reason, int Version, bool IsClaimed, bool InDoubt, bool WaitsForOperator, string? LastError);

/// <summary>Gathers what both sides know: the simulator's history, the attempt log, the connections as they stand.</summary>
internal sealed class ChaosWitness(ChaosFleet fleet, SimulatorHost simulator)
{
    /// <summary>All connections by subject.</summary>
    public async Task<IReadOnlyDictionary<string, Standing>> ReadStandingAsync()
    {
        const string Sql =
            """
            select c.subject, c.status, c.disconnect_reason, t.version, s.lease_until is not null, s.in_doubt_since is not null or s.verdict_held,
                s.due_at is null and s.lease_until is null and s.in_doubt_since is not null and not s.verdict_held, c.last_refresh_error
            from connections c join token_sets t on t.shard = c.shard and t.connection_id = c.id
                join refresh_schedule s on s.shard = c.shard and s.connection_id = c.id
            """;
        var found = new Dictionary<string, Standing>();
        await using var connection = await fleet.ConnectAsync();
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            found[reader.GetString(0)] = new Standing(
                reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetInt32(3), reader.GetBoolean(4), reader.GetBoolean(5),
                reader.GetBoolean(6), reader.IsDBNull(7) ? null : reader.GetString(7));
        }

        return found;
    }

    /// <summary>Every refresh token that came to a provider.</summary>
    public IReadOnlyList<Presented> Presented()
    {
        var seats = fleet.Seats.ToDictionary(s => s.Providers.EndPoint.ToString(), s => s.Name);
        return
        [
            .. simulator.History.Refreshes().Where(seen => seen is { GrantId: not null, Generation: not null }).Select(seen =>
                new Presented(
                    seen.Number, new TokenName(seen.Server, seen.GrantId!, seen.Generation!.Value), seen.Subject!, seats[seen.Process!], seen.At, seen.AnsweredAt)
                {
                    IsReuse = seen.Token == Simulator.History.PresentedToken.Reused && (seen.Issued || seen.Error is not null),
                    Successor = seen.Issued ? seen.IssuedGeneration : null,
                    IsRefused = seen.Error is not null && seen.Fault is null,
                    IsAnswerSpoiled = seen.Fault is not null,
                }),
        ];
    }

    /// <summary>The attempt log, with the tokens that its fingerprints stand for.</summary>
    public async Task<IReadOnlyList<Recorded>> ReadRecordedAsync(IReadOnlyList<Presented> presented)
    {
        var fingerprinter = new Fingerprinter(fleet.Ring);
        var names = presented.Select(p => p.Token).Distinct()
            .ToDictionary(t => fingerprinter.Of(new Secret(simulator.Servers[t.Provider].RefreshTokenOf(t.Grant, t.Generation))), t => t);
        var recorded = new List<Recorded>();
        await using var connection = await fleet.ConnectAsync();
        await using var command = new NpgsqlCommand("select id, subject, class, decision, stages from attempts order by position", connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var sent = reader.IsDBNull(4) ? null : FingerprintOf(reader.GetString(4));
            var isUnknown = reader.GetString(2) == "outcome_unknown";
            var decision = reader.GetString(3);

            // What never left is no presentation, and a result stored late has its own attempt in the log already.
            if (sent is null && !(isUnknown || decision == "committed late"))
            {
                continue;
            }

            recorded.Add(new Recorded(
                reader.GetGuid(0), reader.GetString(1), sent is not null && names.TryGetValue(sent, out var name) ? name : null, isUnknown));
        }

        return recorded;
    }

    private static string? FingerprintOf(string stages)
    {
        using var document = JsonDocument.Parse(stages);
        return document.RootElement.TryGetProperty("sent", out var sent) && sent.ValueKind == JsonValueKind.Object
            ? sent.GetProperty("fingerprint").GetString()
            : null;
    }
}
