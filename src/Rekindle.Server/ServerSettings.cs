using System.ComponentModel.DataAnnotations;
using Rekindle.Hosting;
using Rekindle.Postgres;
using Rekindle.Server.Telemetry;
using Rekindle.Sqlite;

namespace Rekindle.Server;

/// <summary>
/// The settings of the server beside the engine's (<see cref="RekindleOptions"/>); both stand in the configuration section <c>Rekindle</c>.
/// </summary>
public sealed class ServerSettings
{
    /// <summary>Addresses to listen on, separated by semicolons. Default <c>http://127.0.0.1:8420</c>: TLS and the outside world are a reverse proxy's.</summary>
    [Required]
    public string Listen { get; set; } = "http://127.0.0.1:8420";

    /// <summary>
    /// Reverse proxies whose <c>X-Forwarded-For</c> is believed: addresses and networks (<c>10.0.0.0/8</c>), separated by semicolons. Default none:
    /// then failed authentications are counted for the proxy, and with it for all who come through it.
    /// </summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>Where the data lies: <c>sqlite</c> (default, one machine) or <c>postgres</c> (several).</summary>
    public StoreKind Store { get; set; } = StoreKind.Sqlite;

    /// <summary>The SQLite file.</summary>
    public SqliteOptions Sqlite { get; set; } = new();

    /// <summary>The PostgreSQL database.</summary>
    public PostgresOptions Postgres { get; set; } = new();

    /// <summary>Export of metrics and traces.</summary>
    public OtlpSettings Otlp { get; set; } = new();
}

/// <summary>A kind of store.</summary>
public enum StoreKind
{
    /// <summary>One file on this machine.</summary>
    Sqlite,

    /// <summary>One PostgreSQL database, shared by any number of machines.</summary>
    Postgres,
}
