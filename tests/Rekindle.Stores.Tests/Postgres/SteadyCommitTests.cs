using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Postgres.Refresh;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>The statement for refreshes as they should be leaves behind what the general one leaves behind.</summary>
public sealed class SteadyCommitTests : PostgresTest
{
    private const string Rows =
        """
        select (select to_jsonb(s) - 'shard' - 'connection_id' - 'attempt_id' from refresh_schedule s where connection_id = $1)::text
            || (select to_jsonb(t) - 'shard' - 'connection_id' - 'attempt_id' from token_sets t where connection_id = $1)::text
            || (select to_jsonb(c) - 'shard' - 'id' - 'subject' from connections c where id = $1)::text
            || (select jsonb_agg(to_jsonb(a) - 'shard' - 'connection_id' - 'id' - 'position' - 'subject' - 'request' order by a.version) from attempts a where connection_id = $1)::text
            || (select jsonb_agg(to_jsonb(f) - 'position' - 'connection_id' order by position) from change_feed f where connection_id = $1)::text
            || (select jsonb_agg(to_jsonb(n) - 'id' - 'shard' - 'connection_id') from notifications n where connection_id = $1)::text
        """;

    public static TheoryData<bool, bool> Answers => new() { { true, true }, { true, false }, { false, true }, { false, false } };

    [Theory, Trait("Req", "A2"), MemberData(nameof(Answers))]
    public async Task Both_statements_write_the_same(bool rotated, bool used)
    {
        var (steady, general) = (await PreparedAsync(used), await PreparedAsync(used));
        RefreshCommit[] commits = [await CommitOfAsync(steady, rotated), await CommitOfAsync(general, rotated)];
        commits[1] = commits[1] with { Attempt = commits[1].Attempt with { Request = "{}" } };

        Assert.Equal([commits[0]], SteadyStatement.Among(commits));
        Assert.Equal([CommitResult.Applied, CommitResult.Applied], await Refresh.CommitAsync(commits, default));

        Assert.Equal(await RowsAsync(general), await RowsAsync(steady));
        Assert.Contains("\"closed_at\": 1", await RowsAsync(steady), StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "A2")]
    public async Task Results_that_differ_from_each_other_in_who_wrote_them_are_not_written_as_one_workers()
    {
        RefreshCommit[] commits = [await CommitOfAsync((await ConnectAsync()).Id, true), await CommitOfAsync((await ConnectAsync()).Id, true)];
        commits[1] = commits[1] with { Attempt = commits[1].Attempt with { Worker = "another" } };

        Assert.Equal([CommitResult.Applied, CommitResult.Applied], await Refresh.CommitAsync(commits, default));

        Assert.Equal(Given.Worker, (await Stores.Attempts.GetAsync(commits[0].Claim.AttemptId, default))!.Worker);
        Assert.Equal("another", (await Stores.Attempts.GetAsync(commits[1].Claim.AttemptId, default))!.Worker);
    }

    private async Task<ConnectionId> PreparedAsync(bool used)
    {
        var connection = await ConnectAsync();
        await Refresh.CommitAsync([(await CommitOfAsync(connection.Id, true)) with { Opens = [Given.Draft(NotificationKind.Warning)], ClosesNotifications = false }], default);
        if (used)
        {
            await Refresh.TouchUsedAsync([connection.Id], Now, default);
        }

        return connection.Id;
    }

    private async Task<RefreshCommit> CommitOfAsync(ConnectionId id, bool rotated)
    {
        var commit = Given.Success(await ClaimAsync(id), Now);
        return rotated ? commit : commit with { Tokens = commit.Tokens! with { RefreshToken = null, Scopes = ["a", "b"] }, Attempt = commit.Attempt with { Rotated = false } };
    }

    private async Task<string> RowsAsync(ConnectionId id)
    {
        await using var beside = await ConnectBesideAsync();
        return (string)(await ScalarAsync(beside, Rows.Replace("$1", $"{id.Value}", StringComparison.Ordinal)))!;
    }
}
