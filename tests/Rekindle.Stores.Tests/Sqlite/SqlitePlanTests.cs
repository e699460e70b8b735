using System.Text.RegularExpressions;
using Rekindle.Sql;
using Rekindle.Sql.Connections;
using Rekindle.Sqlite.Refresh;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Sqlite;

/// <summary>SQLite plans without statistics here: what it chooses on an empty database is what it chooses on a full one.</summary>
public sealed class SqlitePlanTests : StoreContract<SqliteTestStore>
{
    [Theory, Trait("Req", "A2")]
    [InlineData(DueClaims.Select, "refresh_schedule_claim (integration_id=? AND priority=? AND claimable_at<?)")]
    [InlineData(DegradeSweep.Select, "refresh_schedule_degrade (degrade_at<?)")]
    public async Task Claims_and_sweeps_start_from_their_index_and_sort_nothing(string sql, string index)
    {
        var plan = await PlanAsync(sql);

        Assert.StartsWith($"SEARCH s USING INDEX {index}", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("SCAN", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("B-TREE", plan, StringComparison.Ordinal);
    }

    [Theory, Trait("Req", "F7")]
    [InlineData(SqlObservationStore.Overdue, "refresh_schedule USING INDEX refresh_schedule_claim (integration_id=? AND priority=? AND claimable_at>? AND claimable_at<?)")]
    [InlineData(SqlObservationStore.Ended, "refresh_schedule USING INDEX refresh_schedule_degrade (degrade_at<?)")]
    [InlineData(SqlObservationStore.Late, "INDEX late_results_open")]
    [InlineData(SqlObservationStore.Undecryptable, "INDEX notifications_undecryptable")]
    public async Task What_metrics_count_comes_from_an_index(string sql, string index) =>
        Assert.Contains(index, await PlanAsync(sql), StringComparison.Ordinal);

    [Theory, Trait("Req", "A13")]
    [InlineData(null, "connections_by_environment (environment=? AND (shard,id)>(?,?))")]
    [InlineData("anna", "connections_by_subject (environment=? AND subject=?)")]
    public async Task A_page_of_connections_is_read_in_its_order_and_a_user_s_by_the_user(string? subject, string index)
    {
        var filter = new ConnectionFilter { Environment = Environment, Subject = subject };
        var (where, key) = (ConnectionFilterSql.Of(Stores.Database, filter).Where, ConnectionFilterSql.PageKeyOf(filter));

        var plan = await PlanAsync($"{ConnectionSql.Select}{where} and ({key}) > (1, 1) order by {key} limit 10");

        Assert.StartsWith($"SEARCH c USING INDEX {index}", plan, StringComparison.Ordinal);
    }

    private async Task<string> PlanAsync(string sql) => string.Join('\n', await Stores.Database.ReadAsync(
        session => session.ListAsync("explain query plan " + Regex.Replace(sql, @"@\w+", "1"), row =>
        {
            row.Skip(3);
            return row.Text();
        }),
        default));
}
