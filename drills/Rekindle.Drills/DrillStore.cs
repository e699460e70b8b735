namespace Rekindle.Drills;

/// <summary>The stores that a drill runs on.</summary>
internal enum DrillStore
{
    /// <summary>A file.</summary>
    Sqlite,

    /// <summary>A real server.</summary>
    Postgres,
}
