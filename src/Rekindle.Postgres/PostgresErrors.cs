using System.Net.Sockets;
using Npgsql;
using Rekindle.Storage;

namespace Rekindle.Postgres;

/// <summary>PostgreSQL's and its driver's errors as what an operator can do about them (https://www.postgresql.org/docs/current/errcodes-appendix.html).</summary>
internal static class PostgresErrors
{
    private const string IdleInTransaction = "25P03";

    /// <summary>The exception for callers; null: it does not come from the database. Never a password: only what the server and the driver say.</summary>
    public static StoreException? Translate(Exception exception, string description) => exception switch
    {
        PostgresException error => new($"{description} {Explain(error)}.", error)
        {
            IsTransient = error.IsTransient || PassesBySqlState(error.SqlState),
            IsUnreachable = IsDown(error.SqlState),
        },

        // The driver wraps what happened on the way: broken connections, no answer in time, a pool without a free connection.
        NpgsqlException error => new($"{description} {Explain(error)}.", error)
        {
            IsTransient = true,
            // What takes too long may be about the rows that were asked for.
            IsUnreachable = error.InnerException is IOException or SocketException,
        },
        SocketException or TimeoutException => new($"{description} cannot be reached: {exception.Message}", exception)
        {
            IsTransient = true,
            IsUnreachable = exception is SocketException,
        },
        _ => null,
    };

    /// <summary>Whether the log of attempts has no partition for the day of a row.</summary>
    public static bool LacksPartition(StoreException exception) =>
        exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: null, TableName: not null };

    private static bool PassesBySqlState(string state) => state is PostgresErrorCodes.ReadOnlySqlTransaction
        or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DiskFull
        or IdleInTransaction;

    // It stops, starts, has no connection left, or takes no writes.
    private static bool IsDown(string state) => state is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
        or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.ReadOnlySqlTransaction;

    private static string Explain(PostgresException error) => error.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            $"does not let us in: {error.MessageText}. Check user, password and pg_hba.conf",
        PostgresErrorCodes.InvalidCatalogName => "does not exist: create it (createdb -E UTF8 NAME), or correct the connection string",
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn => "lacks tables of ours: it has not been migrated",
        PostgresErrorCodes.InsufficientPrivilege => $"refuses us: {error.MessageText}. The user must own the schema's tables, or be granted them",
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            "is read-only: it is a standby, or default_transaction_read_only is on. With several hosts, set Target Session Attributes=primary",
        PostgresErrorCodes.DiskFull => "could not grow: its disk is full",
        PostgresErrorCodes.TooManyConnections =>
            "has no connection left for us: lower Maximum Pool Size, raise max_connections, or put a pooler before it",
        PostgresErrorCodes.LockNotAvailable => "kept a row locked for too long: look in pg_stat_activity for a transaction that does not end",
        PostgresErrorCodes.QueryCanceled => "did not finish a statement in time",
        PostgresErrorCodes.DeadlockDetected => "ended a circle of waiting transactions; nothing was written",
        PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement =>
            "does not know a statement we prepared: with a pooler in transaction mode before it, set ThroughPooler",
        PostgresErrorCodes.ProtocolViolation => $"does not take what we send at connect: {error.MessageText}. With a pooler before it, set ThroughPooler",
        _ => $"refused a statement: {error.SqlState} {error.MessageText}",
    };

    private static string Explain(NpgsqlException error) => error.InnerException switch
    {
        TimeoutException => "did not answer in time, or no connection of the pool came free: look at its load, and at Maximum Pool Size",
        null => $"could not be used: {error.Message.TrimEnd('.')}",
        var cause => $"cannot be reached, or broke the connection: {cause.Message.TrimEnd('.')}",
    };
}
