using Rekindle.Drills.Soak;

namespace Rekindle.Server.Tests.Drills;

/// <summary>What grows is found, and what only warms up or wobbles is not.</summary>
public sealed class SoakVerdictTests
{
    [Fact]
    public void What_stays_flat_after_warming_up_is_flat() =>
        Assert.Empty(SoakVerdict.Growing([.. Enumerable.Range(0, 24).Select(i => Sample(i, heap: i < 5 ? 10 * i : 50 + (i % 2)))]));

    [Fact]
    public void A_heap_that_grows_a_little_all_the_while_is_found() =>
        Assert.Single(SoakVerdict.Growing([.. Enumerable.Range(0, 24).Select(i => Sample(i, heap: 20 + i))]));

    [Fact]
    public void Handles_that_are_never_given_back_are_found() =>
        Assert.Single(SoakVerdict.Growing([.. Enumerable.Range(0, 24).Select(i => Sample(i, heap: 20, handles: 100 + (3 * i)))]));

    private static SoakSample Sample(int i, double heap, int handles = 100) => new(TimeSpan.FromHours(i), heap, 200, handles, 30);
}
