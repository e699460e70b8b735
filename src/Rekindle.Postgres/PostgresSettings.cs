using System.Globalization;
using Npgsql;
using Rekindle.Storage;

namespace Rekindle.Postgres;

/// <summary>The operator's connection string with our defaults for what it does not say.</summary>
internal static class PostgresSettings
{
    // A lease is 180 s, and results are written within 30: nothing of ours may wait longer for a lock or a statement. A process that
    // was stopped in the middle of a transaction must not keep its rows locked until it is continued.
    // In tables of ten million rows the planner's estimates make it worth 40 ms, so it thinks, to compile a statement that takes four: never.
    private const string SessionLimits = "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s -c jit=off";

    // Bytes, twice a connection.
    private const int BufferSize = 32 * 1024;

    /// <exception cref="StoreException">The string cannot be read; the message names the mistake, not the string.</exception>
    public static NpgsqlConnectionStringBuilder Of(PostgresOptions options)
    {
        try
        {
            return WithDefaults(new NpgsqlConnectionStringBuilder(options.ConnectionString), options.ThroughPooler);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new StoreException(
                $"The PostgreSQL connection string cannot be read: {exception.Message} Example: Host=db;Database=rekindle;Username=rekindle;Password=…");
        }
    }

    /// <summary>The servers and the database that a string names, in one form whoever wrote it.</summary>
    public static string EndpointOf(NpgsqlConnectionStringBuilder settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return string.Join(',', settings.Host!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(host => $"{WithPort(host)}/{settings.Database ?? settings.Username}")
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

        // A socket's folder is a path, and an address in brackets has colons of its own.
        string WithPort(string host) => host.StartsWith('/') || host.LastIndexOf(':') <= host.LastIndexOf(']')
            ? string.Create(CultureInfo.InvariantCulture, $"{host.ToLowerInvariant()}:{settings.Port}")
            : host.ToLowerInvariant();
    }

    private static NpgsqlConnectionStringBuilder WithDefaults(NpgsqlConnectionStringBuilder settings, bool throughPooler)
    {
        if (string.IsNullOrEmpty(settings.Host))
        {
            throw new ArgumentException("it names no Host.");
        }

        Default("Application Name", () => settings.ApplicationName = "rekindle");

        // For a connection to the server, and for one of the pool to come free.
        Default("Timeout", () => settings.Timeout = 10);
        Default("Command Timeout", () => settings.CommandTimeout = 30);
        Default("Keepalive", () => settings.KeepAlive = 30);
        settings.PersistSecurityInfo = false;
        settings.Enlist = false;

        // A batch of results is some 200 KB, a claim as much: sent and read in a few pieces instead of thirty.
        Default("Read Buffer Size", () => settings.ReadBufferSize = BufferSize);
        Default("Write Buffer Size", () => settings.WriteBufferSize = BufferSize);

        // We leave nothing behind in a session that would have to be undone.
        settings.NoResetOnClose = true;
        if (throughPooler)
        {
            settings.MaxAutoPrepare = 0;
            return settings;
        }

        Default("Max Auto Prepare", () => settings.MaxAutoPrepare = 100);
        Default("Auto Prepare Min Usages", () => settings.AutoPrepareMinUsages = 2);
        settings.Options = string.IsNullOrEmpty(settings.Options) ? SessionLimits : $"{SessionLimits} {settings.Options}";
        return settings;

        void Default(string keyword, Action apply)
        {
            if (!settings.ShouldSerialize(keyword))
            {
                apply();
            }
        }
    }
}
