using System.ComponentModel.DataAnnotations;

namespace Rekindle.Postgres;

/// <summary>Which PostgreSQL database to work on, and what lies between it and us.</summary>
public sealed class PostgresOptions
{
    /// <summary>
    /// Npgsql's connection string: <c>Host=db;Database=rekindle;Username=rekindle;Password=…</c>. Every setting of the driver may
    /// stand in it; those that matter here and are missing get our defaults (docs/configuration.md). PostgreSQL 15 or later,
    /// a database in UTF-8.
    /// </summary>
    [Required(ErrorMessage = "ConnectionString is empty. Example: Host=db;Database=rekindle;Username=rekindle;Password=…")]
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// Whether a connection pooler in transaction mode (pgbouncer) stands before the database. Then nothing is expected of a
    /// session beyond one transaction: no prepared statements, no settings at connect, no LISTEN; other machines' changes are found by
    /// polling once a second. Default false.
    /// </summary>
    public bool ThroughPooler { get; set; }

    /// <summary>
    /// Whether leases run on the callers' clocks instead of the database's. For tests, whose clock stands still: between
    /// machines the database's clock is the one that all of them share (I12).
    /// </summary>
    internal bool LeasesByCallersClock { get; set; }
}
