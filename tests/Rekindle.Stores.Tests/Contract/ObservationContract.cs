using Rekindle.Notifications;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Bounded counts for metrics and alerts (F7).</summary>
public abstract class ObservationContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "F7")]
    public async Task An_empty_database_has_nothing_to_count()
    {
        var seen = await ReadAsync();

        Assert.Empty(seen.Overdue);
        Assert.Equal((0, 0, 0), (seen.ExpiredWhileActive, seen.LateResults, seen.Undecryptable));
    }

    [Fact, Trait("Req", "F7")]
    public async Task Overdue_is_what_is_claimable_and_due_within_the_range_of_either_queue()
    {
        await ConnectAsync(g => g with { DueAt = Now.AddMinutes(1) });
        await Refresh.TouchUsedAsync([(await ConnectAsync(g => g with { DueAt = Now.AddMinutes(2) })).Id], Now, default);
        await ConnectAsync(g => g with { DueAt = Now.AddMinutes(3.5) });
        await ClaimAsync((await ConnectAsync(g => g with { DueAt = Now.AddMinutes(2) })).Id);
        Clock.Advance(TimeSpan.FromMinutes(4));

        Assert.Equal(2, (await ReadAsync()).Overdue[Mail.Id]);
        Assert.Equal(1, (await ReadAsync(from: Now.AddMinutes(-2))).Overdue[Mail.Id]);
        Assert.Equal(1, (await ReadAsync(atMost: 1)).Overdue[Mail.Id]);
    }

    [Fact, Trait("Req", "F7")]
    public async Task Ended_tokens_of_active_connections_are_counted_until_they_are_marked()
    {
        await ConnectAsync(g => g with { ExpiresAt = Now.AddSeconds(-11) });
        await ConnectAsync(g => g with { ExpiresAt = Now.AddSeconds(-9) });
        var before = await ReadAsync();
        await Refresh.DegradeExpiredAsync(Now, 10, default);

        Assert.Equal((1, 0), (before.ExpiredWhileActive, (await ReadAsync()).ExpiredWhileActive));
    }

    [Fact, Trait("Req", "F7")]
    public async Task Results_that_wait_for_their_connection_are_counted_until_they_are_settled()
    {
        await Stores.Database.WriteAsync(
            session => session.ExecuteAsync(
                """
                insert into late_results (shard, connection_id, attempt_id, grant_no, version, epoch, access_token, issued_at, expiry_source, token_type, variables, created_at, settled_at)
                values (1, 1, @open, 1, 1, 0, @token, 0, 'expires_in', 'Bearer', '{}', 0, null), (1, 2, @settled, 1, 1, 0, @token, 0, 'expires_in', 'Bearer', '{}', 0, 1)
                """,
                ("open", Guid.NewGuid()), ("settled", Guid.NewGuid()), ("token", new byte[] { 1 })),
            default);

        Assert.Equal(1, (await ReadAsync()).LateResults);
    }

    [Fact, Trait("Req", "F7")]
    public async Task A_token_that_cannot_be_opened_is_counted_while_its_message_is_open()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with
        {
            Opens = [new(NotificationKind.Undecryptable, Audience.Operator, "title", "text")],
        });
        var before = await ReadAsync();
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));

        Assert.Equal((1, 0), (before.Undecryptable, (await ReadAsync()).Undecryptable));
    }

    [Fact, Trait("Req", "F7")]
    public async Task Alerts_are_opened_once_and_closed_when_they_neither_fire_nor_are_about_to()
    {
        var overdue = new AlertNotice(Mail.Id, Environment, "mail", new(NotificationKind.AlertOverdue, Audience.Operator, "title", "text"));
        var skew = new AlertNotice(0, Environment, "", new(NotificationKind.AlertClockSkew, Audience.Operator, "title", "text"));

        await Stores.Notifications.SyncAlertsAsync([overdue, skew], [], Now, default);
        await OpenAnother().Notifications.SyncAlertsAsync([overdue], [new(0, NotificationKind.AlertClockSkew)], Now, default);
        var both = await OpenAsync();
        await Stores.Notifications.SyncAlertsAsync([overdue], [], Now, default);
        var one = await OpenAsync();
        await Stores.Integrations.SetStateAsync(Mail.Id, new() { State = Providers.IntegrationState.Suspect }, Now, default);
        await Stores.Integrations.SetStateAsync(Mail.Id, new() { State = Providers.IntegrationState.Active }, Now, default);
        var still = await OpenAsync();
        await Stores.Notifications.SyncAlertsAsync([], [], Now, default);

        Assert.Equal([("", 1), ("mail", 1)], both);
        Assert.Equal([("mail", 1)], one);
        Assert.Equal([("mail", 1)], still);
        Assert.Empty(await OpenAsync());
    }

    private Task<StoreObservation> ReadAsync(DateTimeOffset? from = null, int atMost = 100) => Stores.Observations.ReadAsync(
        new([new(Mail.Id, from ?? Now.AddHours(-1), Now.AddMinutes(-1))], Now.AddSeconds(-10), atMost), default);

    private async Task<IEnumerable<(string, int)>> OpenAsync() =>
        (await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 100, default)).Select(n => (n.Integration, n.Count)).Order();
}
