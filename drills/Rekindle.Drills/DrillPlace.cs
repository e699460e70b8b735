using Rekindle.Testing;

namespace Rekindle.Drills;

/// <summary>Where the servers of one cell live, one after the other: database, journal folder and key ring.</summary>
internal sealed class DrillPlace(TempFolder folder, PostgresDatabase? database, IReadOnlyDictionary<string, string> settings) : IAsyncDisposable
{
    /// <summary>Settings that lead a server here.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; } = settings;

    public async ValueTask DisposeAsync()
    {
        if (database is not null)
        {
            await database.DisposeAsync();
        }

        folder.Dispose();
    }
}
