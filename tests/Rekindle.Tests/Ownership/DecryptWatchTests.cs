using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Testing;

namespace Rekindle.Tests.Ownership;

/// <summary>One row that does not open is that row's fault; many at once are the database's (D6).</summary>
[Trait("Req", "D6")]
public sealed class DecryptWatchTests
{
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(9, 0, false)]
    [InlineData(10, 0, true)]
    [InlineData(10, 40, true)]
    [InlineData(10, 41, false)]
    public void Ten_connections_and_a_fifth_of_those_tried_are_many(int failed, int opened, bool many)
    {
        var watch = new DecryptWatch(_clock);
        watch.NoteUndecryptable(new ConnectionId(1));
        for (var i = 0; i < opened; i++)
        {
            watch.NoteOpened();
        }

        for (var i = 1; i <= failed; i++)
        {
            watch.NoteUndecryptable(new ConnectionId(i));
        }

        Assert.Equal(many, watch.Found?.Reason == FreezeReason.Undecryptable);
    }

    [Fact]
    public void One_connection_that_fails_often_is_one()
    {
        var watch = new DecryptWatch(_clock);

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Null(watch.NoteUndecryptable(new ConnectionId(1))));
    }

    [Fact]
    public void What_is_spread_over_hours_is_not_at_once()
    {
        var watch = new DecryptWatch(_clock);
        for (var i = 0; i < 100; i++)
        {
            Assert.Null(watch.NoteUndecryptable(new ConnectionId(i)));
            _clock.Advance(TimeSpan.FromMinutes(2));
        }
    }
}
