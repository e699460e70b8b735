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

    [Fact, Trait("Req", "A4")]
    public void A_step_that_older_programs_are_said_to_survive_takes_nothing_from_them() => Assert.All(
        Postgres.Concat(Sqlite).Where(m => m.WorksWith < m.Number),
        m => Assert.All(StatementForecast.OfAll(m.Sql), s => Assert.True(s.OlderProgramsSurvive, $"{m.Name}: {s.Sql}")));

    [Fact, Trait("Req", "A4")]
    public void Every_statement_of_a_step_is_found() => Assert.All(
        Postgres.Concat(Sqlite), m => Assert.Equal(m.Sql.Split('\n').Count(line => line.TrimEnd().EndsWith(';')), StatementForecast.OfAll(m.Sql).Count));

    [Theory, Trait("Req", "A4")]
    [InlineData("create table t (id integer)", null, "Nobody", "None", true)]
    [InlineData("create index i on t (a)", "t", "Writers", "Reads", true)]
    [InlineData("create unique index i on only t (a)", "t", "Writers", "Reads", false)]
    [InlineData("alter table t add column a text", "t", "Everybody", "None", true)]
    [InlineData("alter table t add column a text not null default ''", "t", "Everybody", "None", true)]
    [InlineData("alter table t add column a text not null", "t", "Everybody", "None", false)]
    [InlineData("alter table t add column a uuid default gen_random_uuid()", "t", "Everybody", "Writes", true)]
    [InlineData("alter table t add constraint c check (a > 0)", "t", "Everybody", "Reads", false)]
    [InlineData("alter table t add constraint c check (a > 0) not valid", "t", "Everybody", "None", false)]
    [InlineData("alter table t validate constraint c", "t", "Nobody", "Reads", true)]
    [InlineData("alter table t alter column a drop not null", "t", "Everybody", "None", true)]
    [InlineData("alter table t alter column a set not null", "t", "Everybody", "Reads", false)]
    [InlineData("alter table t alter column a type bigint", "t", "Everybody", "Unknown", false)]
    [InlineData("alter table t drop column a", "t", "Everybody", "None", false)]
    [InlineData("alter table t rename to u", "t", "Everybody", "None", false)]
    [InlineData("update t set a = 1", "t", "Writers", "Writes", true)]
    [InlineData("drop index i", null, "Everybody", "None", true)]
    [InlineData("drop table t", null, "Everybody", "Unknown", false)]
    [InlineData("vacuum full t", null, "Everybody", "Unknown", false)]
    public void What_a_statement_keeps_waiting_is_told_from_its_text(string sql, string? table, string blocks, string work, bool survived)
    {
        var forecast = Assert.Single(StatementForecast.OfAll(sql + ";\n"));

        Assert.Equal((table, blocks, work, survived), (forecast.Table, forecast.Blocks.ToString(), forecast.Work.ToString(), forecast.OlderProgramsSurvive));
    }

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
