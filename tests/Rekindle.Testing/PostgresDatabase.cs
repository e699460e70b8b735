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

    /// <summary>Drops the database, also when sessions are still open.</summary>
    public async ValueTask DisposeAsync() => await _server.DropAsync(Name);
}
