using Rekindle.Refresh;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests;

public sealed class LostLeaseTests
{
    private static readonly DateTimeOffset Taken = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory, Trait("Req", "D1")]
    [InlineData(-1, RefreshSource.Scheduled)]
    [InlineData(0, RefreshSource.Scheduled)]
    [InlineData(1, RefreshSource.OnDemand)]
    public void Who_asked_for_a_lost_attempt_shows_in_whether_it_was_due(int dueMinutesAfterTheClaim, RefreshSource source)
    {
        var attempt = LostLease.ToAttempt(Before(Taken.AddMinutes(dueMinutesAfterTheClaim)), "worker-2", "2.0");

        Assert.Equal(source, attempt.Source);
    }

    [Fact, Trait("Req", "D1")]
    public void One_that_was_never_due_was_asked_for_by_a_caller() =>
        Assert.Equal(RefreshSource.OnDemand, LostLease.ToAttempt(Before(due: null), "worker-2", "2.0").Source);

    private static ScheduledConnection Before(DateTimeOffset? due)
    {
        var integration = Given.Integration("mail", "production");
        var key = Given.Key(integration, "user");
        return new()
        {
            Snapshot = new ConnectionSnapshot
            {
                Connection = new() { Id = Rekindle.Connections.ConnectionId.New(key), Key = key, IntegrationId = 1 },
                DueAt = due,
                LeaseUntil = Taken + Given.Lease,
            },
            AttemptId = Guid.CreateVersion7(Taken),
            Holder = "worker-1",
            LeasedAt = Taken,
        };
    }
}
