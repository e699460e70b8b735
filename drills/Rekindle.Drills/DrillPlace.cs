using Rekindle.Testing;

namespace Rekindle.Drills;

/// <summary>Where the servers of one cell live, one after the other: database, journal folder and key ring.</summary>
internal sealed class DrillPlace(TempFolder folder, PostgresDatabase? database, IReadOnlyDictionary<string, string> settings) : IAsyncDisposable
{
    /// <summary>The database; null: it is a file.</summary>
    public PostgresDatabase? Database { get; } = database;

    /// <summary>Settings that lead a server here.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; } = settings;

    public async ValueTask DisposeAsync()
    {
        if (Database is not null)
        {
            await Database.DisposeAsync();
        }

        folder.Dispose();
    }
}
