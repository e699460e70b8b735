using System.Text.RegularExpressions;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>
/// What a statement of a migration will lock and read, from its text: the rules of PostgreSQL
/// (https://www.postgresql.org/docs/current/sql-altertable.html, .../explicit-locking.html). What it does not know it takes for the worst.
/// </summary>
internal sealed partial record StatementForecast(string Sql, string? Table, Blocking Blocks, StatementWork Work, bool OlderProgramsSurvive)
{
    // Rows per second, on the careful side of what a small server with an ordinary disk does.
    private const double Read = 500_000;
    private const double Written = 50_000;

    /// <summary>The statements of a migration's text, comments dropped.</summary>
    public static IReadOnlyList<StatementForecast> OfAll(string sql) =>
    [
        .. Separator().Split(Comment().Replace(sql, ""))
            .Select(statement => Space().Replace(statement, " ").Trim())
            .Where(statement => statement.Length > 0)
            .Select(Of),
    ];

    /// <summary>About how long it takes for a table of that many rows.</summary>
    public TimeSpan? Estimate(long rows) => Work switch
    {
        StatementWork.None => TimeSpan.Zero,
        StatementWork.Reads => TimeSpan.FromSeconds(rows / Read),
        StatementWork.Writes => TimeSpan.FromSeconds(rows / Written),
        _ => null,
    };

    private static StatementForecast Of(string sql)
    {
        if (CreateTable().IsMatch(sql))
        {
            return new(sql, null, Blocking.Nobody, StatementWork.None, OlderProgramsSurvive: true);
        }

        if (CreateIndex().Match(sql) is { Success: true } index)
        {
            // A unique one may refuse what an older program writes.
            return new(sql, TableOf(index), Blocking.Writers, StatementWork.Reads, !index.Groups["unique"].Success);
        }

        if (AlterTable().Match(sql) is { Success: true } alter)
        {
            return OfAlter(sql, TableOf(alter), alter.Groups["action"].Value);
        }

        if (ChangeRows().Match(sql) is { Success: true } rows)
        {
            return new(sql, TableOf(rows), Blocking.Writers, StatementWork.Writes, OlderProgramsSurvive: true);
        }

        // A dropped index or setting makes an older program slow at worst.
        var dropsIndex = sql.StartsWith("drop index", StringComparison.OrdinalIgnoreCase);
        return new(sql, null, Blocking.Everybody, dropsIndex ? StatementWork.None : StatementWork.Unknown, dropsIndex);
    }

    private static StatementForecast OfAlter(string sql, string table, string action)
    {
        if (AddColumn().IsMatch(action))
        {
            // An older program does not fill it; a default that is no constant is computed for every row, under the lock.
            var needed = action.Contains("not null", StringComparison.OrdinalIgnoreCase) && !action.Contains("default", StringComparison.OrdinalIgnoreCase);
            return new(sql, table, Blocking.Everybody, ComputedDefault().IsMatch(action) ? StatementWork.Writes : StatementWork.None, !needed);
        }

        if (AddConstraint().IsMatch(action))
        {
            return action.EndsWith("not valid", StringComparison.OrdinalIgnoreCase)
                ? new(sql, table, Blocking.Everybody, StatementWork.None, OlderProgramsSurvive: false)
                : new(sql, table, Blocking.Everybody, StatementWork.Reads, OlderProgramsSurvive: false);
        }

        if (ValidateConstraint().IsMatch(action))
        {
            return new(sql, table, Blocking.Nobody, StatementWork.Reads, OlderProgramsSurvive: true);
        }

        if (Loosened().IsMatch(action))
        {
            return new(sql, table, Blocking.Everybody, StatementWork.None, OlderProgramsSurvive: true);
        }

        return TakenAway().IsMatch(action)
            ? new(sql, table, Blocking.Everybody, StatementWork.None, OlderProgramsSurvive: false)
            : SetNotNull().IsMatch(action)
                ? new(sql, table, Blocking.Everybody, StatementWork.Reads, OlderProgramsSurvive: false)
                : new(sql, table, Blocking.Everybody, StatementWork.Unknown, OlderProgramsSurvive: false);
    }

    private static string TableOf(Match match) => match.Groups["table"].Value.Trim('"').ToLowerInvariant();

    [GeneratedRegex(@";\s*(?:\n|$)")]
    private static partial Regex Separator();

    [GeneratedRegex(@"^\s*--.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"^create (unlogged )?table\b", RegexOptions.IgnoreCase)]
    private static partial Regex CreateTable();

    [GeneratedRegex(@"^create (?<unique>unique )?index (if not exists )?\S+ on (only )?(?<table>[\w""]+)", RegexOptions.IgnoreCase)]
    private static partial Regex CreateIndex();

    [GeneratedRegex(@"^alter table (if exists )?(only )?(?<table>[\w""]+) (?<action>.*)$", RegexOptions.IgnoreCase)]
    private static partial Regex AlterTable();

    [GeneratedRegex(@"^(insert into|update|delete from) (only )?(?<table>[\w""]+)", RegexOptions.IgnoreCase)]
    private static partial Regex ChangeRows();

    [GeneratedRegex(@"^add (column )?(?!constraint|check|unique|primary|foreign)\w+ ", RegexOptions.IgnoreCase)]
    private static partial Regex AddColumn();

    [GeneratedRegex(@"default [^,]*\(|generated ", RegexOptions.IgnoreCase)]
    private static partial Regex ComputedDefault();

    [GeneratedRegex(@"^add (constraint|check|unique|primary|foreign)", RegexOptions.IgnoreCase)]
    private static partial Regex AddConstraint();

    [GeneratedRegex(@"^validate constraint", RegexOptions.IgnoreCase)]
    private static partial Regex ValidateConstraint();

    [GeneratedRegex(@"^(alter (column )?\w+ (drop not null|set default|set statistics|set storage)|drop constraint|set \()", RegexOptions.IgnoreCase)]
    private static partial Regex Loosened();

    [GeneratedRegex(@"^(drop|rename)\b|^alter (column )?\w+ drop default", RegexOptions.IgnoreCase)]
    private static partial Regex TakenAway();

    [GeneratedRegex(@"^alter (column )?\w+ set not null", RegexOptions.IgnoreCase)]
    private static partial Regex SetNotNull();
}

/// <summary>What a statement does with a table's rows.</summary>
internal enum StatementWork
{
    /// <summary>Nothing: it is as fast on a large table as on a small one.</summary>
    None,

    /// <summary>Reads all of them.</summary>
    Reads,

    /// <summary>Writes all of them, at worst.</summary>
    Writes,

    /// <summary>Not known.</summary>
    Unknown,
}
