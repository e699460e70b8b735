using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Rekindle.Storage;

namespace Rekindle.Postgres;

/// <summary>
/// What every new session makes sure of before it is used: that the server keeps what it acknowledges, and that our
/// statements mean there what they mean here.
/// </summary>
internal sealed class ServerCheck(ILogger logger)
{
    private const int OldestVersion = 150000;

    private const string Question =
        """
        select current_setting('server_version'), current_setting('server_version_num')::int, current_setting('synchronous_commit'),
               current_setting('fsync'), current_setting('server_encoding'), current_setting('default_transaction_isolation'), pg_is_in_recovery()
        """;

    private int _warned;
    private int _timelineHidden;

    /// <summary>The server's version; null: none was met yet.</summary>
    public string? Version { get; private set; }

    /// <summary>The timeline cannot be read: said once.</summary>
    public void TimelineHidden(string problem)
    {
        if (Interlocked.Exchange(ref _timelineHidden, 1) == 0)
        {
            Log.TimelineHidden(logger, problem);
        }
    }

    public async Task RunAsync(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(Question, connection);
        await using var commandDisposal = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        await using var readerDisposal = reader.ConfigureAwait(false);
        await reader.ReadAsync().ConfigureAwait(false);
        Judge(connection, reader);
    }

    /// <summary>The same for a connection that is opened without async; the driver asks for both.</summary>
    public void Run(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(Question, connection);
        using var reader = command.ExecuteReader();
        reader.Read();
        Judge(connection, reader);
    }

    private void Judge(NpgsqlConnection connection, NpgsqlDataReader row)
    {
        var where = $"{connection.Host}:{connection.Port.ToString(CultureInfo.InvariantCulture)}/{connection.Database}";
        Version = row.GetString(0);
        if (row.GetBoolean(6))
        {
            throw new StoreException($"{where} is a standby and takes no writes. With several hosts, set Target Session Attributes=primary.") { IsTransient = true };
        }

        Require(row.GetInt32(1) >= OldestVersion, $"{where} is PostgreSQL {Version}; 15 or later is needed.");
        Require(
            row.GetString(2) != "off",
            $"synchronous_commit is off at {where}: a crash would lose refresh tokens that providers have already replaced. "
            + "Set it to on for this database: alter database … set synchronous_commit = on.");
        Require(row.GetString(4) == "UTF8", $"{where} is encoded in {row.GetString(4)}; create the database with encoding UTF8.");
        Require(
            row.GetString(5) == "read committed",
            $"default_transaction_isolation is '{row.GetString(5)}' at {where}; our statements are written for 'read committed'. Set it for this user or database.");
        if (row.GetString(3) == "off" && Interlocked.Exchange(ref _warned, 1) == 0)
        {
            Log.NoFsync(logger, where);
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new StoreException(otherwise);
        }
    }
}
