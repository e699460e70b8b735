using System.Text.RegularExpressions;
using Rekindle.Postgres;
using Rekindle.Sql;
using Rekindle.Sqlite;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests;

/// <summary>The two databases have one schema: same steps, same tables, same columns.</summary>
public sealed partial class MigrationTests
{
    private static readonly IReadOnlyList<Migration> Postgres = Migration.AllOf(typeof(PostgresOptions).Assembly);
    private static readonly IReadOnlyList<Migration> Sqlite = Migration.AllOf(typeof(SqliteOptions).Assembly);

    [Fact, Trait("Req", "D8")]
    public void Both_databases_have_the_same_steps() =>
        Assert.Equal(Postgres.Select(m => (m.Number, m.Name)), Sqlite.Select(m => (m.Number, m.Name)));

    [Fact, Trait("Req", "D8")]
    public void Steps_are_numbered_without_gap() => Assert.Equal(Enumerable.Range(1, Sqlite.Count), Sqlite.Select(m => m.Number));

    [Fact, Trait("Req", "D8")]
    public void Both_databases_have_the_same_tables_and_columns() => Assert.Equal(Columns(Postgres), Columns(Sqlite));

    [Fact, Trait("Req", "A14")]
    public void Every_table_is_explained()
    {
        var page = File.ReadAllText(Repository.PathTo("docs", "schema.md"));

        Assert.All(Columns(Sqlite).Select(c => c.Split('.')[0]).Distinct(), table => Assert.Contains($"`{table}`", page, StringComparison.Ordinal));
    }

    [Theory, Trait("Req", "A14")]
    [InlineData("connections")]
    [InlineData("token_sets")]
    [InlineData("refresh_schedule")]
    public void Every_column_of_the_tables_at_the_heart_is_explained(string table)
    {
        var page = File.ReadAllText(Repository.PathTo("docs", "schema.md"));
        var section = page[page.IndexOf($"### `{table}`", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n##", 1, StringComparison.Ordinal)];
        var ranges = new[] { "connection_id", "integration", "tenant", "subject", "purpose", "provider_account_name", "shard", "integration_id" };

        var columns = Columns(Sqlite).Where(c => c.StartsWith(table + ".", StringComparison.Ordinal)).Select(c => c.Split('.')[1]);

        Assert.All(columns.Except(ranges), column => Assert.Contains($"`{column}`", section, StringComparison.Ordinal));
    }

    private static List<string> Columns(IReadOnlyList<Migration> migrations) =>
    [
        .. migrations.SelectMany(m => Tables().Matches(m.Sql)).SelectMany(table => table.Groups["body"].Value.Split('\n')
            .Select(line => Column().Match(line))
            .Where(line => line.Success)
            .Select(line => $"{table.Groups["name"].Value}.{line.Groups["name"].Value}")).Order(),
    ];

    [GeneratedRegex(@"create table (?<name>\w+) \((?<body>.*?)\n\)", RegexOptions.Singleline)]
    private static partial Regex Tables();

    [GeneratedRegex(@"^    (?!primary key|unique)(?<name>\w+)\s+(integer|bigint|smallint|text|uuid|bytea|blob|boolean)\b")]
    private static partial Regex Column();
}
