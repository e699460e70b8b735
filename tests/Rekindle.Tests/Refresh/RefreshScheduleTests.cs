using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

[Trait("Req", "A2")]
public sealed class RefreshScheduleTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly IntegrationPolicy Policy = new();
    private static readonly ProviderDefinition Provider = Rig.Provider();

    [Theory]
    [InlineData(3600, 0, 3000)]
    [InlineData(3600, 999, 1921)]
    [InlineData(90, 0, 72)]
    [InlineData(90, 999, 45)]
    [InlineData(300, 0, 240)]
    [InlineData(28800, 0, 28200)]
    [InlineData(28800, 500, 26400)]
    public void Due_is_end_minus_margin_minus_jitter(int lifetime, int jitter, int dueAfter)
    {
        var due = RefreshSchedule.DueAt(Life(lifetime), Policy, Provider, jitter);

        Assert.Equal(dueAfter, (due!.Value - Start).TotalSeconds, tolerance: 1);
    }

    [Fact]
    [Trait("Failure", "F91")]
    public void A_fleet_of_the_same_minute_is_spread_over_more_than_a_quarter_of_an_hour()
    {
        var random = new Random(7);
        var dues = Enumerable.Range(0, 1000)
            .Select(_ => RefreshSchedule.DueAt(Life(3600), Policy, Provider, RefreshSchedule.NewJitter(random))!.Value).ToArray();

        Assert.True(dues.Max() - dues.Min() > TimeSpan.FromMinutes(15));
        Assert.All(dues, d => Assert.True(d <= Start.AddMinutes(50)));
    }

    [Fact]
    [Trait("Failure", "F40")]
    public void A_refresh_token_that_ends_first_rules()
    {
        var due = RefreshSchedule.DueAt(
            new TokenLife(Start, Start.AddHours(1), Start.AddMinutes(30), HasRefreshToken: true), Policy, Provider, 0);

        Assert.Equal(Start.AddMinutes(24), due);
    }

    [Fact]
    public void A_refresh_token_that_outlives_the_access_token_does_not_delay_it()
    {
        var due = RefreshSchedule.DueAt(
            new TokenLife(Start, Start.AddHours(1), Start.AddDays(30), HasRefreshToken: true), Policy, Provider, 0);

        Assert.Equal(Start.AddMinutes(50), due);
    }

    [Fact]
    [Trait("Failure", "F74")]
    public void A_token_that_does_not_end_is_refreshed_before_its_refresh_token_dies_of_neglect()
    {
        var provider = Provider with { Lifecycle = new ProviderLifecycle { RefreshTokenInactivity = new(TimeSpan.FromDays(60), Confidence.Assumed) } };

        var due = RefreshSchedule.DueAt(new TokenLife(Start, null, null, HasRefreshToken: true), Policy, provider, 0);

        Assert.Equal(Start.AddDays(60).AddMinutes(-10), due);
    }

    [Fact]
    public void A_provider_that_refuses_early_refreshes_is_asked_late()
    {
        var provider = Provider with { Lifecycle = new ProviderLifecycle { EarliestRefresh = new(TimeSpan.FromSeconds(30), Confidence.Confirmed) } };

        var due = RefreshSchedule.DueAt(Life(600), Policy, provider, 999);

        Assert.Equal(Start.AddSeconds(600 - 27), due);
    }

    [Fact]
    public void An_access_token_that_is_itself_exchanged_keeps_a_fifth_of_its_life_in_hand()
    {
        var provider = Provider with { Requests = new RequestRules { RefreshKind = RefreshKind.AccessToken } };

        var due = RefreshSchedule.DueAt(new TokenLife(Start, Start.AddDays(60), null, HasRefreshToken: false), Policy, provider, 0);

        Assert.Equal(Start.AddDays(48), due);
    }

    [Fact]
    public void What_cannot_end_is_never_due() =>
        Assert.Null(RefreshSchedule.DueAt(new TokenLife(Start, null, null, HasRefreshToken: true), Policy, Provider, 0));

    [Theory]
    [InlineData(3600, 30)]
    [InlineData(90, 18)]
    [InlineData(null, 30)]
    public void The_floor_is_30_s_and_at_most_a_fifth_of_the_life(int? lifetime, int seconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(seconds),
            RefreshSchedule.Floor(lifetime is { } l ? TimeSpan.FromSeconds(l) : null, TimeSpan.FromSeconds(30)));

    private static TokenLife Life(int seconds) => new(Start, Start.AddSeconds(seconds), null, HasRefreshToken: true);
}
