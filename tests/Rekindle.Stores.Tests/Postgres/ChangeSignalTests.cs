using Rekindle.Sql;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>
/// Readers of the change feed hear of what other machines write. The clock stands still in these tests: a wait that ends was
/// ended by a notification.
/// </summary>
public sealed class ChangeSignalTests : PostgresTest
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Fact, Trait("Req", "A11")]
    public async Task A_change_by_another_program_ends_the_wait()
    {
        var reader = await ListeningAsync();

        var waiting = reader.Changes.WaitAsync(Long, default);
        await ConnectAsync();

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Req", "A11")]
    public async Task So_does_a_result_that_another_program_writes()
    {
        var claim = await ClaimAsync((await ConnectDueAsync()).Id);
        var reader = await ListeningAsync();

        var waiting = reader.Changes.WaitAsync(Long, default);
        await CommitAsync(Contract.Given.Success(claim, Now));

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_change_of_one_s_own_ends_the_wait_without_the_database()
    {
        var waiting = Stores.Changes.WaitAsync(Long, default);

        await ConnectAsync();

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_change_between_two_waits_is_not_slept_through()
    {
        var first = Stores.Changes.WaitAsync(Long, default);
        await ConnectAsync();
        await first.WaitAsync(TimeSpan.FromSeconds(30));

        await ConnectAsync();

        await Stores.Changes.WaitAsync(Long, default).WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Req", "A11")]
    public async Task Listening_goes_on_after_its_connection_was_lost()
    {
        var reader = await ListeningAsync();
        await using (var beside = await ConnectBesideAsync())
        {
            await ScalarAsync(beside, "select count(pg_terminate_backend(pid)) from pg_stat_activity where query = 'listen rekindle_changes'");
        }

        await Clock.WaitForTimersAsync();
        Clock.Advance(TimeSpan.FromSeconds(5));
        await UntilListeningAsync();
        var waiting = reader.Changes.WaitAsync(Long, default);
        await ConnectAsync();

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Req", "A11")]
    public async Task Through_a_pooler_nobody_listens_and_waiting_ends_in_its_time()
    {
        var reader = Store.Open(options => options.ThroughPooler = true);

        var waiting = reader.Changes.WaitAsync(TimeSpan.FromSeconds(1), default);
        await ConnectAsync();
        await Clock.WaitForTimersAsync();

        Assert.False(waiting.IsCompleted);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private async Task<StoreSet> ListeningAsync()
    {
        var reader = OpenAnother();

        // Ends as soon as the program listens: it cannot know what it has missed by then.
        await reader.Changes.WaitAsync(Long, default).WaitAsync(TimeSpan.FromSeconds(30));
        await UntilListeningAsync();
        return reader;
    }

    private async Task UntilListeningAsync()
    {
        await using var beside = await ConnectBesideAsync();
        while (await ScalarAsync(beside, "select 1 from pg_stat_activity where query = 'listen rekindle_changes' and state = 'idle'") is null)
        {
            await Task.Yield();
        }
    }
}
