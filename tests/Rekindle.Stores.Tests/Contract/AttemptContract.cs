using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>The attempt log (D1, D2, D7).</summary>
public abstract class AttemptContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private IAttemptStore Attempts => Stores.Attempts;

    private AttemptFilter Any { get; } = new() { Environment = Environment };

    [Fact, Trait("Req", "D1")]
    public async Task Every_field_comes_back_as_it_was_written()
    {
        var attempt = Attempt() with
        {
            Key = new(Environment, "mail", "acme", "anna", "write", "box-1"),
            Source = RefreshSource.Debug,
            Action = AttemptAction.TokenRefreshDebug,
            Class = RefreshClass.AuthAmbiguous,
            IsTransient = true,
            NextRetryAt = Now.AddMinutes(5),
            WhoActs = WhoActs.Operator,
            Duration = TimeSpan.FromMilliseconds(1234),
            GrantNo = 3,
            Version = 17,
            Rotated = true,
            ExpiresIn = TimeSpan.FromSeconds(3599),
            Status = 401,
            ErrorCode = "invalid_token",
            Error = "Ünknown \"text\"",
            Stages = "{}",
            Request = "{\"method\":\"POST\"}",
            Response = "{\"status\":401}",
        };
        await Attempts.AppendAsync([attempt], default);

        var read = await Attempts.GetAsync(attempt.Id, default);

        Assert.True(read!.Position > 0);
        Assert.Equal(attempt, read with { Position = 0 });
    }

    [Fact, Trait("Req", "D1")]
    public async Task What_is_absent_stays_absent()
    {
        var attempt = Attempt();
        await Attempts.AppendAsync([attempt], default);

        Assert.Equal(attempt, (await Attempts.GetAsync(attempt.Id, default))! with { Position = 0 });
        Assert.Null(await Attempts.GetAsync(Guid.CreateVersion7(Now), default));
    }

    [Fact, Trait("Req", "D1")]
    public async Task Appending_again_is_harmless_and_changes_nothing()
    {
        var attempt = Attempt();
        await Attempts.AppendAsync([attempt], default);
        await Attempts.AppendAsync([attempt with { Decision = "other" }, Attempt()], default);

        Assert.Equal(2, await Attempts.CountAsync(Any, 10, default));
        Assert.Equal("committed", (await Attempts.GetAsync(attempt.Id, default))!.Decision);
    }

    [Fact, Trait("Req", "D2")]
    public async Task The_newest_come_first_and_pages_hold_each_once()
    {
        var written = new List<Attempt>();
        for (var i = 0; i < 25; i++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            written.Add(Attempt());
        }

        await Attempts.AppendAsync(written, default);
        var seen = new List<Guid>();
        IReadOnlyList<Attempt> page;
        do
        {
            page = await Attempts.ListAsync(Any, seen.Count == 0 ? null : seen[^1], 10, default);
            seen.AddRange(page.Select(a => a.Id));
        }
        while (page.Count == 10);

        Assert.Equal(written.Select(a => a.Id).Reverse(), seen);
    }

    [Fact, Trait("Req", "D2")]
    public async Task Each_filter_finds_its_own_and_the_limit_counts_after_filtering()
    {
        var start = Now;
        var wanted = Attempt() with
        {
            Key = new(Environment, "shop", "acme", "anna", "default", ""),
            Source = RefreshSource.Cli,
            Action = AttemptAction.TokenRefreshFailed,
            Class = RefreshClass.GrantDead,
        };
        await Attempts.AppendAsync([wanted], default);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Attempts.AppendAsync([.. Enumerable.Range(0, 5).Select(_ => Attempt())], default);
        await Attempts.AppendAsync([Attempt() with { Key = new("sandbox", "shop", "acme", "anna", "default", "") }], default);

        foreach (var filter in new[]
        {
            Any with { Integrations = ["shop"] },
            Any with { Tenants = ["acme"] },
            Any with { ConnectionId = wanted.ConnectionId },
            Any with { Subject = "anna" },
            Any with { Source = RefreshSource.Cli },
            Any with { Action = AttemptAction.TokenRefreshFailed },
            Any with { Class = RefreshClass.GrantDead },
            Any with { Until = start.AddMilliseconds(1) },
            Any with { Integrations = ["shop"], Tenants = ["acme", "x"], Subject = "anna", Class = RefreshClass.GrantDead, Since = start },
        })
        {
            Assert.Equal(wanted.Id, Assert.Single(await Attempts.ListAsync(filter, null, 2, default)).Id);
            Assert.Equal(1, await Attempts.CountAsync(filter, 10, default));
        }

        Assert.Equal(5, await Attempts.CountAsync(Any with { Since = Now }, 10, default));
        Assert.Equal(3, await Attempts.CountAsync(Any, 3, default));
        Assert.Empty(await Attempts.ListAsync(Any with { Integrations = [] }, null, 10, default));
    }

    [Fact, Trait("Req", "D2")]
    public async Task The_tail_reads_on_from_a_position_and_asks_for_holes_again()
    {
        var first = Attempt();
        await Attempts.AppendAsync([first], default);
        var position = await Attempts.LastPositionAsync(default);
        var more = new[] { Attempt(), Attempt(), Attempt() };
        await Attempts.AppendAsync(more, default);

        var tail = await Attempts.ReadAfterAsync(position, [], 2, default);
        var rest = await Attempts.ReadAfterAsync(tail[^1].Position, [position], 10, default);

        Assert.Equal(more.Take(2).Select(a => a.Id), tail.Select(a => a.Id));
        Assert.Equal([first.Id, more[2].Id], rest.Select(a => a.Id));
    }

    [Fact, Trait("Req", "D2")]
    public async Task An_empty_log_is_at_position_zero() => Assert.Equal(0, await Attempts.LastPositionAsync(default));

    [Fact, Trait("Req", "D7")]
    public async Task What_is_past_retention_is_dropped_and_positions_go_on()
    {
        await Attempts.AppendAsync([.. Enumerable.Range(0, 1500).Select(_ => Attempt())], default);
        Clock.Advance(TimeSpan.FromDays(10));
        var young = Attempt();
        await Attempts.MaintainAsync(Now, TimeSpan.FromDays(30), default);
        await Attempts.AppendAsync([young], default);
        var last = await Attempts.LastPositionAsync(default);

        await Attempts.MaintainAsync(Now, TimeSpan.FromDays(3), default);

        Assert.Equal(young.Id, Assert.Single(await Attempts.ListAsync(Any, null, 10, default)).Id);
        await Attempts.AppendAsync([Attempt()], default);
        Assert.True(await Attempts.LastPositionAsync(default) > last);
    }

    [Fact, Trait("Req", "D7")]
    public async Task Several_workers_may_maintain_at_once()
    {
        await Attempts.AppendAsync([Attempt()], default);
        Clock.Advance(TimeSpan.FromDays(20));
        var now = Now;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAnother().Attempts).Select(
            attempts => Task.Run(() => attempts.MaintainAsync(now, TimeSpan.FromDays(5), default))));

        Assert.Equal(0, await Attempts.CountAsync(Any, 10, default));
        await Attempts.AppendAsync([Attempt()], default);
    }

    private Attempt Attempt()
    {
        var key = Given.Key(Mail, "somebody");
        return new()
        {
            Id = Guid.CreateVersion7(Now),
            CreatedAt = Now,
            ConnectionId = ConnectionId.New(key),
            IntegrationId = Mail.Id,
            Key = key,
            Source = RefreshSource.Scheduled,
            Action = AttemptAction.TokenRefreshed,
            Class = RefreshClass.Success,
            Decision = "committed",
            NextStep = "none",
            Worker = Given.Worker,
            WorkerVersion = "1.0",
        };
    }
}
