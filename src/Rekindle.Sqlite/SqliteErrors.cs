using Microsoft.Data.Sqlite;
using Rekindle.Storage;

namespace Rekindle.Sqlite;

/// <summary>SQLite's result codes as what an operator can do about them (https://www.sqlite.org/rescode.html).</summary>
internal static class SqliteErrors
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    /// <summary>The exception for callers; null: it does not come from the database.</summary>
    public static StoreException? Translate(Exception exception, string path) => exception switch
    {
        SqliteException sqlite => new($"{path} {Explain(sqlite)}.", sqlite)
        {
            IsTransient = sqlite.SqliteErrorCode is Busy or Locked or InputOutput or Full,
        },
        UnauthorizedAccessException or IOException => new($"{path} cannot be opened: {exception.Message}", exception),
        _ => null,
    };

    private static string Explain(SqliteException exception) => exception.SqliteErrorCode switch
    {
        Busy or Locked => "is being written by another process that does not finish: look for a second server, or a shell with an open transaction",
        ReadOnly => "is read-only: the file, its folder and its -wal and -shm files must be writable by the account this program runs under",
        InputOutput => "could not be read or written: the disk reports an error",
        Full => "could not grow: the disk is full",
        Corrupt => "is damaged: restore a backup; 'sqlite3 FILE .recover' may save what is newer",
        NotADatabase => "is not a SQLite database, or its beginning is overwritten: name the right file, or restore a backup",
        CannotOpen => "cannot be opened: it must exist (migrating makes it) and its folder must be accessible",
        _ when exception.Message.Contains("no such table", StringComparison.Ordinal) => "lacks tables of ours: it has not been migrated",
        _ => $"refused a statement: {exception.Message}",
    };
}
