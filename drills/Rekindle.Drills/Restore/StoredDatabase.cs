using Microsoft.Data.Sqlite;
using Rekindle.Sqlite;
using Rekindle.Testing;

namespace Rekindle.Drills.Restore;

/// <summary>A database as its administrator sees it: something to back up, and to put back, here or elsewhere.</summary>
internal abstract class StoredDatabase : IAsyncDisposable
{
    /// <summary>The settings that lead to it.</summary>
    public abstract IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>Its address, as a server names it.</summary>
    public abstract string Endpoint { get; }

    /// <summary>Everything in it, also while a server works on it.</summary>
    public abstract Task<Backup> BackUpAsync();

    /// <summary>Puts a backup in its place. No server works on it.</summary>
    public abstract Task RestoreAsync(Backup backup);

    public abstract ValueTask DisposeAsync();

    /// <summary>A file.</summary>
    internal sealed class File(string path) : StoredDatabase
    {
        public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string> { ["STORE"] = "sqlite", ["SQLITE:PATH"] = path };

        public override string Endpoint => path;

        public override async Task<Backup> BackUpAsync()
        {
            SqliteLibrary.Load();
            var copy = $"{path}.{Guid.NewGuid():n}";
            await using var source = new SqliteConnection($"Data Source={path};Pooling=False");
            await using var target = new SqliteConnection($"Data Source={copy};Pooling=False");
            await source.OpenAsync();
            await target.OpenAsync();
            source.BackupDatabase(target);
            return new Backup(copy);
        }

        public override Task RestoreAsync(Backup backup)
        {
            // The log belongs to the database that is replaced.
            foreach (var part in new[] { "-wal", "-shm" })
            {
                System.IO.File.Delete(path + part);
            }

            System.IO.File.Copy(backup.Content, path, overwrite: true);
            return Task.CompletedTask;
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>A database on a PostgreSQL server.</summary>
    internal sealed class Postgres(PostgresDatabase database) : StoredDatabase
    {
        public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
        {
            ["STORE"] = "postgres",
            ["POSTGRES:CONNECTION_STRING"] = database.ConnectionString,
        };

        public override string Endpoint
        {
            get
            {
                var at = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString);
                return $"{at.Host}:{at.Port}/{at.Database}";
            }
        }

        public override async Task<Backup> BackUpAsync() => new(await database.DumpAsync());

        public override Task RestoreAsync(Backup backup) => database.RestoreAsync(backup.Content);

        public override ValueTask DisposeAsync() => database.DisposeAsync();
    }
}

/// <summary>A backup: a file's path, or a dump.</summary>
internal sealed record Backup(string Content);
