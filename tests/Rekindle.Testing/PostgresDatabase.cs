using Npgsql;

namespace Rekindle.Testing;

/// <summary>One test's own database.</summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly PostgresServer _server;

    internal PostgresDatabase(PostgresServer server, string name, string connectionString)
    {
        _server = server;
        Name = name;
        ConnectionString = connectionString;
    }

    public string Name { get; }

    public string ConnectionString { get; }

    /// <summary>Everything in it as SQL, from PostgreSQL's own program.</summary>
    public async Task<string> DumpAsync()
    {
        var at = new NpgsqlConnectionStringBuilder(ConnectionString);
        var (exitCode, output) = await TestCommand.TryRunAsync(
            Path.Combine(PostgresBinaries.Find(), "pg_dump"),
            ["--host", at.Host!, "--port", $"{at.Port}", "--username", at.Username!, "--dbname", Name],
            TimeSpan.FromMinutes(1));
        return exitCode == 0 ? output : throw new InvalidOperationException($"pg_dump ended with {exitCode}: {output}");
    }

    /// <summary>Puts a dump in the place of everything in it.</summary>
    public async Task RestoreAsync(string dump)
    {
        ArgumentNullException.ThrowIfNull(dump);
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("dump.sql"), $"drop schema public cascade; create schema public;\n{dump}");
        var at = new NpgsqlConnectionStringBuilder(ConnectionString);
        await TestCommand.RunAsync(
            Path.Combine(PostgresBinaries.Find(), "psql"),
            [
                "--host", at.Host!, "--port", $"{at.Port}", "--username", at.Username!, "--dbname", Name, "--no-psqlrc", "--quiet",
                "--set", "ON_ERROR_STOP=1", "--file", folder.File("dump.sql"),
            ],
            TimeSpan.FromMinutes(1));
    }

    /// <summary>Drops the database, also when sessions are still open.</summary>
    public async ValueTask DisposeAsync() => await _server.DropAsync(Name);
}
