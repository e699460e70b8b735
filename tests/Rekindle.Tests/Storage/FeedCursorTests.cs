using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Tests.Storage;

public sealed class FeedCursorTests
{
    private readonly ManualClock _clock = new();

    [Fact, Trait("Req", "D2")]
    public void Without_holes_nothing_is_missing()
    {
        var cursor = new FeedCursor(10, _clock);

        Assert.True(cursor.Advance(11));
        Assert.True(cursor.Advance(12));

        Assert.Equal(12, cursor.Position);
        Assert.Empty(cursor.Missing);
    }

    [Fact, Trait("Req", "D2")]
    public void Positions_that_were_passed_over_are_asked_for_again_until_they_come()
    {
        var cursor = new FeedCursor(10, _clock);
        cursor.Advance(14);
        Assert.Equal([11, 12, 13], cursor.Missing);

        Assert.True(cursor.Advance(12));

        Assert.Equal([11, 13], cursor.Missing);
        Assert.Equal(14, cursor.Position);
    }

    [Fact, Trait("Req", "D2")]
    public void What_was_read_once_is_not_new_again()
    {
        var cursor = new FeedCursor(10, _clock);
        cursor.Advance(12);
        cursor.Advance(11);

        Assert.False(cursor.Advance(11));
        Assert.False(cursor.Advance(12));
        Assert.False(cursor.Advance(10));
    }

    [Fact, Trait("Req", "D2")]
    public void A_hole_is_given_up_when_no_transaction_can_be_that_old()
    {
        var cursor = new FeedCursor(0, _clock);
        cursor.Advance(2);
        _clock.Advance(TimeSpan.FromSeconds(60));
        cursor.Advance(4);
        Assert.Equal([1, 3], cursor.Missing);

        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal([3], cursor.Missing);
    }

    [Fact, Trait("Req", "D2")]
    public void A_hole_lives_as_long_as_a_commit_may_take_twice()
    {
        var cursor = new FeedCursor(0, _clock, TimeSpan.FromSeconds(90));
        cursor.Advance(2);
        _clock.Advance(TimeSpan.FromSeconds(180));
        Assert.Equal([1], cursor.Missing);

        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Empty(cursor.Missing);
    }

    [Fact, Trait("Req", "D2")]
    public void A_jump_of_millions_is_not_millions_of_holes()
    {
        var cursor = new FeedCursor(0, _clock);

        cursor.Advance(5_000_000);

        Assert.InRange(cursor.Missing.Count, 1, 10_000);
        Assert.Contains(4_999_999, cursor.Missing);
    }
}
