namespace Rekindle.Storage;

/// <summary>What bringing a database up to this program's schema would do, found out without doing it.</summary>
/// <param name="Steps">The missing migrations, in order; all are applied in one transaction.</param>
public sealed record MigrationPlan(IReadOnlyList<MigrationStep> Steps);

/// <summary>One missing migration.</summary>
/// <param name="Name">Such as <c>0002_shards</c>.</param>
/// <param name="WorksWith">The number of the newest migration that a program must know at least to go on working after this one.</param>
/// <param name="Statements">What it executes.</param>
public sealed record MigrationStep(string Name, int WorksWith, IReadOnlyList<PlannedStatement> Statements);

/// <summary>One statement of a migration and what others notice of it.</summary>
/// <param name="Sql">Its text on one line.</param>
/// <param name="Table">The existing table it works on; null: none.</param>
/// <param name="Blocks">Whom it keeps waiting, until the transaction ends.</param>
/// <param name="Rows">About how many rows of the table it reads or writes; 0: none, whatever the table's size.</param>
/// <param name="Estimate">About how long it takes on ordinary disks; null: nobody can tell from its text.</param>
public sealed record PlannedStatement(string Sql, string? Table, Blocking Blocks, long Rows, TimeSpan? Estimate);

/// <summary>Whom a statement keeps waiting.</summary>
public enum Blocking
{
    /// <summary>Nobody.</summary>
    Nobody,

    /// <summary>Who writes to the table.</summary>
    Writers,

    /// <summary>Who reads or writes the table.</summary>
    Everybody,
}
