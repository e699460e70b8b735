using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

[Trait("Req", "A6")]
public sealed class BackoffTests
{
    private static readonly IntegrationPolicy Policy = new();

    [Theory]
    [InlineData(1, 60)]
    [InlineData(2, 120)]
    [InlineData(3, 240)]
    [InlineData(4, 480)]
    [InlineData(5, 3600)]
    [InlineData(500, 3600)]
    public void The_ladder_is_60_120_240_480_then_an_hour(int failure, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Backoff.Base(failure, Policy));

    [Fact]
    public void Jitter_stays_within_a_fifth_and_uses_all_of_it()
    {
        var random = new Random(1);
        var delays = Enumerable.Range(0, 2000).Select(_ => Backoff.Delay(1, Policy, null, random).TotalSeconds).ToArray();

        Assert.All(delays, d => Assert.InRange(d, 48, 72));
        Assert.InRange(delays.Min(), 48, 49);
        Assert.InRange(delays.Max(), 71, 72);
    }

    [Fact]
    public void The_provider_can_only_lengthen_it()
    {
        Assert.Equal(TimeSpan.FromSeconds(300), Backoff.Delay(1, Policy, TimeSpan.FromSeconds(300), new Random(1)));
        Assert.True(Backoff.Delay(1, Policy, TimeSpan.FromSeconds(1), new Random(1)) >= TimeSpan.FromSeconds(48));
    }

    [Fact]
    public void A_policy_sets_base_and_ceiling()
    {
        var policy = Policy with { BackoffBase = TimeSpan.FromSeconds(10), BackoffCeiling = TimeSpan.FromSeconds(30) };

        Assert.Equal([10, 20, 30, 30, 30], Enumerable.Range(1, 5).Select(n => (int)Backoff.Base(n, policy).TotalSeconds));
    }
}
