using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Permits shared by all workers (A5): never more than the ceiling in any window, however it slides.</summary>
public abstract class BudgetContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private IBudgetStore Budgets => Stores.Budgets;

    [Fact, Trait("Req", "A5")]
    public async Task Permits_are_given_up_to_the_ceiling_and_the_rest_is_told()
    {
        Assert.Equal(60, await TakeAsync(60));
        Assert.Equal(40, await TakeAsync(60));
        Assert.Equal(0, await TakeAsync(1));
        Assert.Equal(0, await TakeAsync(0));
    }

    [Fact, Trait("Req", "A5")]
    public async Task A_raised_ceiling_counts_what_was_taken_under_the_lower_one()
    {
        await TakeAsync(100);

        Assert.Equal(50, await Budgets.TakeAsync(Mail.Id, 80, 150, Window, Now, default));
    }

    [Fact, Trait("Req", "A5")]
    public async Task Integrations_have_budgets_of_their_own()
    {
        var shop = await CreateIntegrationAsync("shop");
        await TakeAsync(100);

        Assert.Equal(10, await Budgets.TakeAsync(shop.Id, 10, 100, Window, Now, default));
    }

    [Fact, Trait("Req", "A5")]
    public async Task Permits_come_back_when_the_window_has_passed_and_not_before()
    {
        await TakeAsync(100);

        Clock.Advance(Window);
        Assert.Equal(0, await TakeAsync(1));
        Clock.Advance(Window / 60);
        Assert.Equal(100, await TakeAsync(200));
    }

    [Theory, Trait("Req", "A5")]
    [InlineData(600_000)]
    [InlineData(7_001)]
    [InlineData(59)]
    public async Task No_window_ever_holds_more_than_the_ceiling(int windowMilliseconds)
    {
        var window = TimeSpan.FromMilliseconds(windowMilliseconds);
        var random = new Random(windowMilliseconds);
        var sent = new List<DateTimeOffset>();
        for (var i = 0; i < 300; i++)
        {
            Clock.Advance(window * random.NextDouble() * 0.06);
            var taken = await Budgets.TakeAsync(Mail.Id, random.Next(1, 9), 20, window, Now, default);
            var unsent = random.Next(0, taken + 1);
            await Budgets.ReturnAsync(Mail.Id, unsent, window, Now, default);
            sent.AddRange(Enumerable.Repeat(Now, taken - unsent));
        }

        Assert.NotEmpty(sent);
        Assert.All(sent, start => Assert.InRange(sent.Count(at => at >= start && at < start + window), 1, 20));
    }

    [Fact, Trait("Req", "A5")]
    public async Task Returned_permits_can_be_taken_again()
    {
        await TakeAsync(100);

        await Budgets.ReturnAsync(Mail.Id, 30, Window, Now, default);

        Assert.Equal(30, await TakeAsync(50));
    }

    [Fact, Trait("Req", "A5")]
    public async Task Permits_return_to_where_they_were_taken_from()
    {
        var takenAt = Now;
        await TakeAsync(50);
        Clock.Advance(Window / 2);
        await TakeAsync(50);
        await Budgets.ReturnAsync(Mail.Id, 50, Window, takenAt, default);
        Assert.Equal(50, (await ReadAsync()).Taken);

        // The early ones are forgotten, the late ones, which were sent, still count.
        Clock.Advance((Window / 2) + (Window / 30));

        Assert.Equal(50, await TakeAsync(100));
    }

    [Fact, Trait("Req", "A5")]
    public async Task Permits_that_no_longer_count_cannot_be_returned_to_others()
    {
        var takenAt = Now;
        await TakeAsync(10);
        Clock.Advance(Window * 2);
        await TakeAsync(100);

        await Budgets.ReturnAsync(Mail.Id, 10, Window, takenAt, default);

        Assert.Equal(0, await TakeAsync(1));
    }

    [Fact, Trait("Req", "A5")]
    public async Task No_more_is_returned_than_was_taken()
    {
        await TakeAsync(5);

        await Budgets.ReturnAsync(Mail.Id, 50, Window, Now, default);

        Assert.Equal(0, (await ReadAsync()).Taken);
        Assert.Equal(100, await TakeAsync(200));
    }

    [Fact, Trait("Req", "A5")]
    public async Task Outcomes_are_counted_beside_the_permits()
    {
        await TakeAsync(7);
        await Budgets.RecordAsync([new(Mail.Id, Window, 4, 1)], Now, default);
        Clock.Advance(Window / 2);
        await Budgets.RecordAsync([new(Mail.Id, Window, 1, 1)], Now, default);

        Assert.Equal(new BudgetUse(7, 5, 2), await ReadAsync());
        Clock.Advance((Window / 2) + (Window / 30));
        Assert.Equal(new BudgetUse(0, 1, 1), await ReadAsync());
    }

    [Fact, Trait("Req", "A5")]
    public async Task An_unused_budget_reads_as_zero() => Assert.Equal(new BudgetUse(0, 0, 0), await ReadAsync());

    [Fact, Trait("Req", "A5")]
    public async Task What_no_longer_counts_is_not_kept()
    {
        for (var i = 0; i < 300; i++)
        {
            Clock.Advance(Window / 60);
            await TakeAsync(1);
        }

        Assert.InRange(Convert.ToInt64(await QueryAsync<object>("select count(*) from budgets"), null), 60, 130);
    }

    [Fact, Trait("Req", "A5")]
    public async Task Workers_that_take_at_the_same_time_never_get_more_than_there_is()
    {
        var others = Enumerable.Range(0, 4).Select(_ => OpenAnother().Budgets).ToArray();
        var now = Now;

        var taken = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(
            () => others[i % others.Length].TakeAsync(Mail.Id, 7, 100, Window, now, default))));

        Assert.Equal(100, taken.Sum());
    }

    private Task<int> TakeAsync(int wanted) => Budgets.TakeAsync(Mail.Id, wanted, 100, Window, Now, default);

    private Task<BudgetUse> ReadAsync() => Budgets.ReadAsync(Mail.Id, Window, Now, default);
}
