using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

/// <summary>How many refreshes of an integration may be in flight.</summary>
public sealed class SlotPoolTests
{
    private const int Acme = 1;

    [Fact]
    [Trait("Req", "A5")]
    public void One_integration_leaves_slots_to_the_others()
    {
        var slots = new SlotPool(10);

        Enter(slots, 6);

        Assert.Equal((0, 4), (slots.Free(Acme, limit: 6), slots.Free(2, limit: 6)));
    }

    [Fact]
    [Trait("Failure", "F92")]
    public void After_a_halt_an_integration_starts_with_one_and_doubles_with_each_round_of_answers()
    {
        var slots = new SlotPool(64);
        slots.Halt(Acme);
        slots.Open(Acme);

        Assert.Equal([1, 2, 4, 8, 16, 32, 32, 33], Enumerable.Range(0, 8).Select(_ => Round(slots)));
    }

    [Fact]
    [Trait("Failure", "F92")]
    public void Each_halt_makes_the_next_start_gentler()
    {
        var slots = new SlotPool(64);
        for (var halts = 0; halts < 3; halts++)
        {
            slots.Halt(Acme);
            slots.Open(Acme);
            while (Round(slots) < 16)
            {
            }
        }

        slots.Halt(Acme);
        slots.Halt(Acme);
        slots.Open(Acme);

        Assert.Equal([1, 2, 4, 8, 9, 10], Enumerable.Range(0, 6).Select(_ => Round(slots)));
    }

    [Fact]
    [Trait("Failure", "F92")]
    public void A_success_that_left_before_the_halt_does_not_widen_what_comes_after_it()
    {
        var slots = new SlotPool(64);
        Enter(slots, 5);
        slots.Halt(Acme);
        Leave(slots, 5);
        slots.Open(Acme);

        Assert.Equal(1, slots.Free(Acme, 64));
    }

    private static int Round(SlotPool slots)
    {
        var free = slots.Free(Acme, 64);
        Enter(slots, free);
        Leave(slots, free);
        return free;
    }

    private static void Enter(SlotPool slots, int count)
    {
        for (var i = 0; i < count; i++)
        {
            slots.Enter(Acme);
        }
    }

    private static void Leave(SlotPool slots, int count)
    {
        for (var i = 0; i < count; i++)
        {
            slots.Leave(Acme, success: true);
        }
    }
}
