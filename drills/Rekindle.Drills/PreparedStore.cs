using Rekindle.Testing;

namespace Rekindle.Drills;

/// <summary>
/// An initialised database to be copied for each cell of a drill, with its key ring and an API key: <c>rekindle-server init</c> runs
/// once per store.
/// </summary>
internal sealed class PreparedStore : IDisposable
{
    private const string File = "rekindle.db";

    private readonly TempFolder _folder = new();
    private readonly DrillStore _store;

    private PreparedStore(DrillStore store) => _store = store;

    /// <summary>An administrator's API key, the same in every copy.</summary>
    public string ApiKey { get; private set; } = "";

    public static async Task<PreparedStore> CreateAsync(DrillStore store)
    {
        var prepared = new PreparedStore(store);
        if (store == DrillStore.Sqlite)
        {
            await prepared.InitAsync(prepared._folder.Path, null);
        }
        else
        {
            await using var first = await prepared.CopyDatabaseAsync();
        }

        return prepared;
    }

    /// <summary>A database of its own, and a folder for what belongs to it.</summary>
    public async Task<DrillPlace> CopyAsync()
    {
        var folder = new TempFolder();
        if (_store == DrillStore.Postgres)
        {
            var database = await CopyDatabaseAsync();
            return new DrillPlace(folder, database, SettingsOf(folder.Path, database.ConnectionString));
        }

        foreach (var part in Directory.GetFiles(_folder.Path, $"{File}*"))
        {
            System.IO.File.Copy(part, folder.File(Path.GetFileName(part)));
        }

        return new DrillPlace(folder, null, SettingsOf(folder.Path, null));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<PostgresDatabase> CopyDatabaseAsync() =>
        await (await PostgresServer.GetAsync()).CreateDatabaseAsync("drill", connection => InitAsync(_folder.Path, connection));

    private async Task InitAsync(string folder, string? connection) => (ApiKey, _) = await ServerProcess.InitAsync(SettingsOf(folder, connection));

    private Dictionary<string, string> SettingsOf(string folder, string? connection)
    {
        var settings = new Dictionary<string, string>
        {
            ["STORE"] = _store == DrillStore.Sqlite ? "sqlite" : "postgres",
            ["KEY_RING_FILE"] = _folder.File("keys"),
            ["JOURNAL:FOLDER"] = Path.Combine(folder, "journal"),
            ["JOURNAL:ALLOW_EPHEMERAL"] = "true",
            ["JOURNAL:SEGMENT_MEGABYTES"] = "1",
        };
        settings[connection is null ? "SQLITE:PATH" : "POSTGRES:CONNECTION_STRING"] = connection ?? Path.Combine(folder, File);
        return settings;
    }
}
