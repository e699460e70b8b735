using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Several programs on one database at the same time (I1).</summary>
public abstract class ConcurrencyContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private const int Tasks = 8;

    [Fact, Trait("Req", "A11"), Trait("Failure", "F13")]
    public async Task Many_workers_claim_every_connection_once()
    {
        var ids = await ConnectManyDueAsync(120);
        var now = Now;

        var claimed = await InParallelAsync(async (stores, name) =>
        {
            var mine = new List<ConnectionId>();
            IReadOnlyList<Claim> claims;
            do
            {
                claims = await stores.Refresh.ClaimDueAsync(new(name, now, Given.Lease, [new(Mail.Id, 7)]), default);
                mine.AddRange(claims.Select(c => c.Connection.Id));
            }
            while (claims.Count > 0);

            return mine;
        });

        // A worker that meets only rows others are taking may leave early; together they never take one twice.
        var all = claimed.SelectMany(c => c).ToArray();
        Assert.Equal(all.Distinct(), all);
        Assert.Equal(ids.Order(), all.Concat((await ClaimDueAsync(limit: 200)).Select(c => c.Connection.Id)).Order());
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F13")]
    public async Task Of_many_callers_one_gets_the_lease_and_the_others_learn_who()
    {
        var connection = await ConnectDueAsync();
        var now = Now;

        var answers = await InParallelAsync((stores, name) =>
            stores.Refresh.ClaimOneAsync(connection.Id, 1, Given.Terms(now, name), TimeSpan.Zero, default));

        var winner = Assert.Single(answers.OfType<ClaimAnswer.Taken>()).Claim.Holder;
        Assert.All(answers.Where(a => a is not ClaimAnswer.Taken), a => Assert.Equal(winner, Assert.IsType<ClaimAnswer.Held>(a).Holder));
    }

    [Fact, Trait("Req", "A4"), Trait("Failure", "F01")]
    public async Task An_open_intent_is_taken_over_once()
    {
        foreach (var id in await ConnectManyDueAsync(20))
        {
            await ClaimAsync(id, "lost");
            await RunOutAsync(id, TimeSpan.FromHours(1));
        }

        var now = Now;
        var claimed = await InParallelAsync((stores, name) => stores.Refresh.ClaimOpenIntentsAsync(
            new(name, "1.0", now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 20)]), default));

        var all = claimed.SelectMany(c => c).Select(c => c.Connection.Id).ToArray();
        Assert.Equal(20, all.Length);
        Assert.Equal(20, all.Distinct().Count());
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F08")]
    public async Task The_same_commit_sent_many_times_takes_effect_once()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);

        var results = await InParallelAsync((stores, _) => stores.Refresh.CommitAsync([commit], default));

        Assert.All(results, r => Assert.Equal([CommitResult.Applied], r));
        Assert.Equal(2, (await GetAsync(connection.Id)).Tokens!.Version);
        Assert.Equal(0L, Convert.ToInt64(await QueryAsync<object>("select count(*) from late_results"), null));
    }

    [Fact, Trait("Req", "A11")]
    public async Task Of_refresh_and_reconnect_at_the_same_time_the_new_grant_wins()
    {
        for (var round = 0; round < 10; round++)
        {
            var connection = await ConnectDueAsync();
            var commit = Given.Success(await ClaimAsync(connection.Id), Now);
            var grant = Given.Grant(Mail, connection.Key.Subject, Now);
            var (one, other) = (OpenAnother(), OpenAnother());

            await Task.WhenAll(
                Task.Run(() => one.Refresh.CommitAsync([commit], default)), Task.Run(() => other.Connections.SaveGrantAsync(grant, default)));

            var after = await GetAsync(connection.Id);
            Assert.Equal((2, "refresh-2", null), (after.Tokens!.GrantNo, Given.Text(after.Tokens.RefreshToken), after.LeaseUntil));
        }
    }

    [Fact, Trait("Req", "F8")]
    public async Task The_same_connection_made_by_many_is_made_once()
    {
        var now = Now;

        var results = await InParallelAsync((stores, _) =>
            stores.Connections.SaveGrantAsync(Given.Grant(Mail, "anna", now) with { IfExists = IfExists.Refuse }, default));

        Assert.Single(results.OfType<GrantResult.Created>());
        Assert.Equal(Tasks - 1, results.OfType<GrantResult.Exists>().Count());
    }

    [Fact, Trait("Req", "C7")]
    public async Task Grants_saved_at_the_same_time_each_get_a_number_of_their_own()
    {
        var connection = await ConnectAsync();
        var now = Now;

        await InParallelAsync((stores, _) => stores.Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, now), default));

        var after = await GetAsync(connection.Id);
        Assert.Equal((Tasks + 1, Tasks + 1), (after.Tokens!.GrantNo, after.Tokens.Version));
    }

    [Fact, Trait("Req", "A9")]
    public async Task Commits_levers_grants_patches_and_sweeps_at_the_same_time_all_get_through()
    {
        var ids = await ConnectManyDueAsync(12);
        var now = Now;
        var subjects = new List<string>();
        foreach (var id in ids)
        {
            subjects.Add((await GetAsync(id)).Connection.Key.Subject);
        }

        await InParallelAsync(async (stores, name) =>
        {
            var random = new Random(name[^1]);
            for (var i = 0; i < 30; i++)
            {
                var at = random.Next(ids.Length);
                await StepAsync(stores, random.Next(6), ids[at], subjects[at], name, now.AddSeconds(i));
            }

            return true;
        });

        foreach (var id in ids)
        {
            var after = await GetAsync(id);
            Assert.Equal(1L, Convert.ToInt64(await QueryAsync<object>("select count(*) from token_sets where connection_id = @id", ("id", id)), null));
            Assert.InRange(after.Tokens!.Version, after.Tokens.GrantNo, 1000);
            var expected = after.Connection.Status == ConnectionStatus.Active ? DependentState.Active : DependentState.Paused;
            Assert.All(await Stores.Dependents.ListAsync(id, default), d => Assert.Equal(expected, d.State));
        }
    }

    private async Task StepAsync(Sql.StoreSet stores, int step, ConnectionId id, string subject, string name, DateTimeOffset now)
    {
        switch (step)
        {
            case 0:
                var claims = await stores.Refresh.ClaimDueAsync(new(name, now, Given.Lease, [new(Mail.Id, 3)]), default);
                await stores.Refresh.CommitAsync([.. claims.Select(c => Given.Success(c, now) with { DueAt = now })], default);
                break;
            case 1:
                await stores.Connections.ApplyAsync(id, new LeverChange.ForceRetry(), now, default);
                break;
            case 2:
                await stores.Connections.SaveGrantAsync(Given.Grant(Mail, subject, now) with { DueAt = now }, default);
                break;
            case 3:
                await stores.Connections.PatchAsync(id, new("x", new Dictionary<string, string?> { [name] = "1" }), now, default);
                break;
            case 4:
                await stores.Dependents.PutAsync(new() { ConnectionId = id, Name = name, Label = name }, now, default);
                break;
            default:
                await stores.Refresh.DegradeExpiredAsync(now, 10, default);
                break;
        }
    }

    private async Task<ConnectionId[]> ConnectManyDueAsync(int count)
    {
        var ids = new List<ConnectionId>();
        for (var i = 0; i < count; i++)
        {
            ids.Add((await ConnectDueAsync()).Id);
        }

        return [.. ids];
    }

    // Two tasks to a program: programs compete, and so do the callers within one.
    private async Task<T[]> InParallelAsync<T>(Func<Sql.StoreSet, string, Task<T>> work)
    {
        var programs = Enumerable.Range(0, Tasks / 2).Select(_ => OpenAnother()).ToArray();
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Enumerable.Range(0, Tasks).Select(i => Task.Run(async () =>
        {
            await start.Task;
            return await work(programs[i / 2], $"worker-{i}");
        })).ToArray();
        start.SetResult();
        return await Task.WhenAll(running);
    }
}
