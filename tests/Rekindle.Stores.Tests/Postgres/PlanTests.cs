using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using Rekindle.Postgres.Refresh;
using Rekindle.Sql;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>The statements of the refresh path reach every row through an index, whatever the parameters are.</summary>
[Collection(Alone.Name)]
public sealed partial class PlanTests : PostgresTest
{
    private const int Rows = 20_000;
    private const string LargeTables = "refresh_schedule|connections|token_sets|attempts_\\d+|dependents|change_feed";

    /// <summary>A statement, and the indexes by which it reaches its rows.</summary>
    public static TheoryData<string, string, string[]> Statements => new()
    {
        { "claim", DueClaims.Statement, ["refresh_schedule_claim", "connections_pkey", "token_sets_pkey"] },
        { "commit", CommitStatement.Text, ["refresh_schedule_pkey", "connections_pkey", "token_sets_pkey", "dependents_pkey"] },
        { "steady commit", SteadyStatement.Text, ["refresh_schedule_pkey", "token_sets_pkey"] },
        { "queue heads", QueueHeads.Statement, ["refresh_schedule_claim"] },
        { "sweep, looking", DegradeSweep.FindStatement, ["refresh_schedule_degrade", "refresh_schedule_leased"] },
        { "sweep, writing", DegradeSweep.WriteStatement, ["refresh_schedule_pkey", "connections_pkey", "token_sets_pkey", "dependents_pkey"] },
        { "open intents", OpenIntentCount.Statement, ["refresh_schedule_leased"] },
        { "release", PostgresRefreshStore.ReleaseStatement, ["refresh_schedule_pkey"] },
        { "overdue, counted", Numbered(SqlObservationStore.Overdue), ["refresh_schedule_claim"] },
        { "ended, counted", Numbered(SqlObservationStore.Ended), ["refresh_schedule_degrade"] },
        { "touch", PostgresRefreshStore.TouchStatement, ["refresh_schedule_pkey"] },
    };

    [Theory, Trait("Req", "A2")]
    [MemberData(nameof(Statements))]
    public async Task No_large_table_is_read_whole(string name, string sql, string[] indexes)
    {
        await SeedAsync(Mail, Rows, Now);
        await using var session = await ConnectBesideAsync();
        await ScalarAsync(
            session,
            """
            insert into dependents (shard, connection_id, name, label, state, state_since, environment)
            select shard, connection_id, 'mail', 'Mail', 'active', 0, 'production' from refresh_schedule;
            analyze;
            """);

        var plan = await ExplainAsync(session, sql);

        Assert.False(
            Regex.IsMatch(plan, $@"Seq Scan on ({LargeTables})\b", RegexOptions.None, TimeSpan.FromSeconds(1)), $"{name} reads a table whole:\n{plan}");
        Assert.All(indexes, index => Assert.True(
            Regex.IsMatch(plan, $@"(using|Bitmap Index Scan on) {index}\b", RegexOptions.None, TimeSpan.FromSeconds(1)), $"{name} does without {index}:\n{plan}"));
    }

    [Fact, Trait("Req", "A2")]
    public async Task Work_on_a_few_rows_looks_at_a_few_pages()
    {
        const int Few = 10;
        var program = OpenWithOneSession();
        await program.Attempts.MaintainAsync(Now, TimeSpan.FromDays(30), default);
        await SeedAsync(Mail, Rows, Now);
        IReadOnlyList<Claim> claims = [];
        (string Name, Func<Task> Work)[] steps =
        [
            ("queue heads", () => program.Refresh.ReadQueueHeadsAsync([Mail.Id], default)),
            ("claim", async () => claims = await program.Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, Few)]), default)),
            ("commit", () => program.Refresh.CommitAsync([.. claims.Take(Few / 2).Select(c => Given.Success(c, Now))], default)),
            ("release", () => program.Refresh.ReleaseAsync([.. claims.Skip(Few / 2).Select(c => new LeaseRelease(c.Connection.Id, c.AttemptId))], default)),
            ("touch", () => program.Refresh.TouchUsedAsync([.. claims.Select(c => c.Connection.Id)], Now, default)),
            ("open intents", () => program.Refresh.CountOpenIntentsAsync(Now, default)),
            ("sweep", () => program.Refresh.DegradeExpiredAsync(Now.AddMinutes(11), Few, default)),
        ];

        foreach (var (name, work) in steps)
        {
            var pages = await PagesAsync(program, work);
            Print($"{name}: {pages} pages");
            Assert.InRange(pages, 1, Few * 20);
        }
    }

    [Fact, Trait("Req", "A2")]
    public async Task No_statement_of_the_refresh_path_is_planned_for_each_batch_anew()
    {
        const int BeforeTheServerMakesUpItsMind = 5;
        var program = OpenWithOneSession();
        await program.Attempts.MaintainAsync(Now, TimeSpan.FromDays(30), default);
        await SeedAsync(Mail, Rows, Now);
        await using (var session = await ConnectBesideAsync())
        {
            await ScalarAsync(session, "analyze");
        }

        for (var batch = 1; batch <= 20; batch++)
        {
            await program.Refresh.ReadQueueHeadsAsync([Mail.Id], default);
            var claims = await program.Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, batch)]), default);
            await program.Refresh.CommitAsync([.. claims.Select(c => Given.Success(c, Now))], default);
        }

        var plans = await program.Database.ReadAsync(
            session => session.ListAsync(
                "select statement, custom_plans, generic_plans from pg_prepared_statements",
                static row => (Statement: row.Text(), Custom: row.Long(), Generic: row.Long())),
            default);
        foreach (var statement in (string[])[QueueHeads.Statement, DueClaims.Statement, SteadyStatement.Text])
        {
            var (_, custom, generic) = Assert.Single(plans, p => p.Statement == statement);
            Assert.InRange(custom, 0, BeforeTheServerMakesUpItsMind);
            Assert.InRange(generic, 1, long.MaxValue);
        }
    }

    // As the driver sends it.
    private static string Numbered(string sql)
    {
        var names = Name().Matches(sql).Select(m => m.Value).Distinct().ToList();
        return Name().Replace(sql, m => $"${names.IndexOf(m.Value) + 1}");
    }

    [GeneratedRegex(@"@\w+")]
    private static partial Regex Name();

    // The plan that prepared statements end up with: made once, for any parameters.
    private static async Task<string> ExplainAsync(NpgsqlConnection session, string sql)
    {
        var parameters = Parameter().Matches(sql).Max(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        await ScalarAsync(session, "set plan_cache_mode = force_generic_plan");
        await ScalarAsync(session, $"prepare explained as {sql}");
        await using var command = new NpgsqlCommand(
            $"explain execute explained ({string.Join(", ", Enumerable.Repeat("null", parameters))})", session);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex Parameter();
}
