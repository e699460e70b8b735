using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Answers to requests that may be repeated.</summary>
public abstract class IdempotencyContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private IIdempotencyStore Answers => Stores.Idempotency;

    [Fact, Trait("Req", "E3")]
    public async Task A_repeated_request_runs_once_and_its_answer_is_kept()
    {
        Assert.Null(await BeginAsync("key", [1]));
        var running = await BeginAsync("key", [1]);
        await Answers.CompleteAsync("owner", "key", 201, "{}", default);
        var answered = await BeginAsync("key", [2]);

        Assert.Equal((null, null), (running!.Status, running.Body));
        Assert.Equal((201, "{}"), (answered!.Status, answered.Body));
        Assert.Equal<byte>([1], answered.BodyHash);
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_request_without_answer_says_until_when_it_may_run()
    {
        var begun = Now;
        await BeginAsync("died", [1]);
        Clock.Advance(TimeSpan.FromHours(1));

        var found = await BeginAsync("died", [1]);

        Assert.Equal((null, begun + Longest), (found!.Status, found.Deadline));
    }

    [Fact, Trait("Req", "E3")]
    public async Task Owners_do_not_see_each_other_s_keys()
    {
        Assert.Null(await BeginAsync("key", [1]));
        Assert.Null(await Answers.BeginAsync("other", "key", [1], Now, Now + Longest, default));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_request_that_failed_before_it_did_anything_may_run_again()
    {
        await BeginAsync("failed", [1]);
        await Answers.AbandonAsync("owner", "failed", default);
        Assert.Null(await BeginAsync("failed", [1]));

        await BeginAsync("done", [1]);
        await Answers.CompleteAsync("owner", "done", 200, "", default);
        await Answers.AbandonAsync("owner", "done", default);
        Assert.NotNull(await BeginAsync("done", [1]));
    }

    [Fact, Trait("Req", "E3")]
    public async Task Old_answers_are_forgotten()
    {
        await BeginAsync("old", [1]);
        Clock.Advance(TimeSpan.FromHours(24));
        await BeginAsync("young", [1]);

        await Answers.PruneAsync(Now, default);

        Assert.Null(await BeginAsync("old", [1]));
        Assert.NotNull(await BeginAsync("young", [1]));
    }

    [Fact, Trait("Req", "E3")]
    public async Task Of_requests_at_the_same_time_one_runs()
    {
        var others = Enumerable.Range(0, 8).Select(_ => OpenAnother().Idempotency).ToArray();
        var now = Now;

        var answers = await Task.WhenAll(others.Select(o => Task.Run(() => o.BeginAsync("owner", "key", [1], now, now + Longest, default))));

        Assert.Single(answers, a => a is null);
    }

    private Task<IdempotentAnswer?> BeginAsync(string key, byte[] hash) => Answers.BeginAsync("owner", key, hash, Now, Now + Longest, default);
}
