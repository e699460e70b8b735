using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

[Trait("Req", "F4")]
public sealed class FlightCountTests
{
    private readonly FlightCount _flights = new(NullLogger<FlightCount>.Instance);

    [Fact]
    public void Nothing_in_flight_has_landed_already() => Assert.True(_flights.LandedAsync().IsCompleted);

    [Fact]
    public async Task Those_in_flight_are_waited_for_and_those_that_start_later_are_not()
    {
        var early = _flights.TryEnter()!;
        var landed = _flights.LandedAsync();
        _flights.TryEnter();

        Assert.False(landed.IsCompleted);
        _flights.Leave(early);
        await landed;
    }

    [Fact]
    public async Task A_second_look_waits_for_all_that_the_first_waited_for()
    {
        var early = _flights.TryEnter()!;
        _ = _flights.LandedAsync();

        var second = _flights.LandedAsync();

        Assert.False(second.IsCompleted);
        _flights.Leave(early);
        await second;
    }

    [Fact]
    public void Who_only_waits_for_somebody_else_s_refresh_keeps_nobody_waiting()
    {
        _flights.TryWait();

        Assert.True(_flights.LandedAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task The_end_of_the_process_waits_for_all_of_them_and_lets_nobody_in()
    {
        var flight = _flights.TryEnter()!;
        var waiting = _flights.TryWait()!;

        var stopped = _flights.StopAsync(default);

        Assert.Null(_flights.TryEnter());
        Assert.Null(_flights.TryWait());
        _flights.Leave(flight);
        Assert.False(stopped.IsCompleted);
        _flights.Leave(waiting);
        await stopped;
    }
}
