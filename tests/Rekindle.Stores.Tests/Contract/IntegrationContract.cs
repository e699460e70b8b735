using Rekindle.Connect;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Integrations: configuration guarded by its version, state guarded by evidence (F2).</summary>
public abstract class IntegrationContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private IIntegrationStore Integrations => Stores.Integrations;

    [Fact, Trait("Req", "E4")]
    public async Task Every_field_comes_back_as_it_was_written()
    {
        var given = new Integration
        {
            Environment = "sandbox",
            Key = "shop",
            Provider = "ebay",
            DisplayName = "eBay",
            ClientId = "id",
            ClientSecret = Given.Sealed("secret"),
            PreviousClientSecret = Given.Sealed("previous"),
            PrivateKey = Given.Sealed("key"),
            SecretExpiresAt = Now.AddDays(30),
            Scopes = ["a", "b"],
            Purposes = new Dictionary<string, PurposeRule> { ["write"] = new(["w"], Separate: true) },
            Variables = new Dictionary<string, string> { ["tenant"] = "acme" },
            AllowedReturnUrls = ["https://app.example"],
            ConnectFields = [new() { Name = "plan", Label = "Plan", Kind = ConnectFieldKind.Choice, Choices = new Dictionary<string, string> { ["s"] = "Small" } }],
            Policy = new() { BudgetRequests = 7, BudgetWindow = TimeSpan.FromSeconds(90), BudgetHard = true, GiveUpAfter = 10 },
            CreatedAt = Now,
        };

        var created = (await Integrations.CreateAsync(given, default))!;
        var read = (await Integrations.ListAsync(default)).Single(i => i.Key == "shop");

        Assert.Equal(created.Id, read.Id);
        Assert.Equal(("sandbox", "ebay", "eBay", "id"), (read.Environment, read.Provider, read.DisplayName, read.ClientId));
        Assert.Equal(
            ("secret", "previous", "key"), (Given.Text(read.ClientSecret), Given.Text(read.PreviousClientSecret), Given.Text(read.PrivateKey)));
        Assert.Equal((Now.AddDays(30), Now, Now), (read.SecretExpiresAt, read.CreatedAt, read.UpdatedAt));
        Assert.Equal(["a", "b"], read.Scopes);
        Assert.True(read.Purposes["write"].Separate);
        Assert.Equal(["w"], read.Purposes["write"].Scopes);
        Assert.Equal(("acme", "https://app.example"), (read.Variables["tenant"], read.AllowedReturnUrls[0]));
        var field = Assert.Single(read.ConnectFields);
        Assert.Equal(("plan", "Plan", ConnectFieldKind.Choice, "Small"), (field.Name, field.Label, field.Kind, field.Choices["s"]));
        Assert.Equal(given.Policy, read.Policy);
        Assert.Equal((IntegrationState.Active, 1), (read.State, read.ConfigVersion));
    }

    [Fact, Trait("Req", "E4")]
    public async Task A_policy_that_lacks_fields_takes_the_defaults()
    {
        await Stores.Database.WriteAsync(
            session => session.ExecuteAsync("update integrations set policy = @policy", ("policy", "{\"budget_requests\":5,\"unknown\":1}")), default);

        Assert.Equal(new IntegrationPolicy { BudgetRequests = 5 }, Assert.Single(await Integrations.ListAsync(default)).Policy);
    }

    [Fact, Trait("Req", "E4")]
    public async Task A_key_is_taken_once_per_environment()
    {
        Assert.Null(await Integrations.CreateAsync(Given.Integration("mail", Environment) with { CreatedAt = Now }, default));
        Assert.NotNull(await Integrations.CreateAsync(Given.Integration("mail", "sandbox") with { CreatedAt = Now }, default));
    }

    [Fact, Trait("Req", "F2")]
    public async Task An_update_raises_the_version_and_one_based_on_an_older_version_is_refused()
    {
        Clock.Advance(TimeSpan.FromMinutes(1));

        var updated = await Integrations.UpdateAsync(Mail with { DisplayName = "Post", ClientSecret = Given.Sealed("new") }, Now, default);
        var refused = await Integrations.UpdateAsync(Mail with { DisplayName = "Late" }, Now, default);

        Assert.Equal(("Post", "new", 2, Now), (updated!.DisplayName, Given.Text(updated.ClientSecret), updated.ConfigVersion, updated.UpdatedAt));
        Assert.Null(refused);
        Assert.Equal("Post", Assert.Single(await Integrations.ListAsync(default)).DisplayName);
    }

    [Fact, Trait("Req", "F2")]
    public async Task Correcting_a_misconfigured_integration_makes_it_due_for_a_probe_at_once()
    {
        await Integrations.SetStateAsync(Mail.Id, Misconfigured(probes: 3), Now, default);
        Clock.Advance(TimeSpan.FromMinutes(1));

        var updated = await Integrations.UpdateAsync(Mail with { ClientId = "right" }, Now, default);

        Assert.Equal((IntegrationState.Misconfigured, Now, 0), (updated!.State, updated.NextProbeAt, updated.Probes));
    }

    [Fact, Trait("Req", "F2")]
    public async Task Evidence_halts_the_integration_and_tells_the_operator_once()
    {
        var first = await Integrations.SetStateAsync(Mail.Id, Misconfigured(), Now, default);
        Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await Integrations.SetStateAsync(Mail.Id, Misconfigured(), Now, default);

        Assert.Equal((true, false), (first, second));
        var read = Assert.Single(await Integrations.ListAsync(default));
        Assert.Equal((IntegrationState.Misconfigured, "invalid_client"), (read.State, read.StateReason));
        Assert.Equal((Now.AddSeconds(-1), Now.AddSeconds(-1).AddMinutes(5)), (read.StateSince, read.NextProbeAt));
        var notice = Assert.Single(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
        Assert.Equal((NotificationKind.IntegrationMisconfigured, "mail", null), (notice.Kind, notice.Integration, notice.ConnectionId));
    }

    [Fact, Trait("Req", "F2")]
    public async Task Evidence_gathered_under_another_configuration_does_not_count()
    {
        await Integrations.UpdateAsync(Mail with { ClientId = "right" }, Now, default);

        Assert.False(await Integrations.SetStateAsync(Mail.Id, Misconfigured(), Now, default));

        Assert.Equal(IntegrationState.Active, Assert.Single(await Integrations.ListAsync(default)).State);
        Assert.Empty(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
    }

    [Fact, Trait("Req", "F2")]
    public async Task Evidence_does_not_lift_an_operator_s_pause()
    {
        Assert.True(await Integrations.SetStateAsync(Mail.Id, new() { State = IntegrationState.Paused, Reason = "audit" }, Now, default));

        Assert.False(await Integrations.SetStateAsync(Mail.Id, Misconfigured(), Now, default));
        Assert.False(await Integrations.SetStateAsync(Mail.Id, new() { ConfigVersion = 1, State = IntegrationState.Active }, Now, default));

        var read = Assert.Single(await Integrations.ListAsync(default));
        Assert.Equal((IntegrationState.Paused, "audit"), (read.State, read.StateReason));
    }

    [Fact, Trait("Req", "F2")]
    public async Task A_failed_probe_counts_and_keeps_the_date_of_the_halt()
    {
        await Integrations.SetStateAsync(Mail.Id, Misconfigured(), Now, default);
        var halted = Now;
        Clock.Advance(TimeSpan.FromMinutes(5));

        Assert.True(await Integrations.SetStateAsync(Mail.Id, Misconfigured(probes: 1) with { Opens = null }, Now, default));

        var read = Assert.Single(await Integrations.ListAsync(default));
        Assert.Equal((1, halted, Now.AddMinutes(5)), (read.Probes, read.StateSince, read.NextProbeAt));
    }

    [Fact, Trait("Req", "F2")]
    public async Task Success_reopens_and_closes_the_message()
    {
        await Integrations.SetStateAsync(Mail.Id, Misconfigured(probes: 2), Now, default);

        Assert.True(await Integrations.SetStateAsync(
            Mail.Id, new() { ConfigVersion = 1, State = IntegrationState.Active, ClosesNotifications = true }, Now, default));

        var read = Assert.Single(await Integrations.ListAsync(default));
        Assert.Equal((IntegrationState.Active, 0, null, null), (read.State, read.Probes, read.NextProbeAt, read.StateReason));
        Assert.Empty(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
    }

    [Fact, Trait("Req", "F2")]
    public async Task A_message_can_be_opened_without_a_change_of_state()
    {
        var report = new IntegrationStateChange
        {
            ConfigVersion = 1,
            State = IntegrationState.Active,
            Opens = Given.Draft(NotificationKind.IntegrationUnclassified) with { Audience = Audience.Operator },
        };

        Assert.False(await Integrations.SetStateAsync(Mail.Id, report, Now, default));
        await Integrations.SetStateAsync(Mail.Id, report, Now, default);

        Assert.Equal(2, Assert.Single(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default)).Count);
    }

    [Fact, Trait("Req", "A12")]
    public async Task An_operator_s_order_counts_whatever_the_version()
    {
        await Integrations.UpdateAsync(Mail with { ClientId = "right" }, Now, default);

        Assert.True(await Integrations.SetStateAsync(Mail.Id, new() { State = IntegrationState.Paused, Reason = "audit" }, Now, default));
        Assert.False(await Integrations.SetStateAsync(Mail.Id, new() { State = IntegrationState.Paused, Reason = "audit" }, Now, default));
        Assert.False(await Integrations.SetStateAsync(4711, new() { State = IntegrationState.Paused }, Now, default));
    }

    [Fact, Trait("Req", "A6")]
    public async Task A_provider_s_throttling_only_lengthens()
    {
        await Integrations.ThrottleAsync(Mail.Id, Now.AddMinutes(5), default);
        await Integrations.ThrottleAsync(Mail.Id, Now.AddMinutes(1), default);
        Assert.Equal(Now.AddMinutes(5), Assert.Single(await Integrations.ListAsync(default)).ThrottledUntil);

        await Integrations.ThrottleAsync(Mail.Id, Now.AddMinutes(6), default);
        Assert.Equal(Now.AddMinutes(6), Assert.Single(await Integrations.ListAsync(default)).ThrottledUntil);
    }

    [Fact, Trait("Req", "A12")]
    public async Task Only_an_integration_without_connections_can_be_deleted()
    {
        var connection = await ConnectAsync();
        await Stores.Budgets.TakeAsync(Mail.Id, 1, 10, TimeSpan.FromMinutes(1), Now, default);

        Assert.False(await Integrations.DeleteAsync(Mail.Id, default));
        await Connections.DeleteAsync(connection.Id, "test", Now, default);
        Assert.True(await Integrations.DeleteAsync(Mail.Id, default));
        Assert.False(await Integrations.DeleteAsync(Mail.Id, default));

        Assert.Empty(await Integrations.ListAsync(default));
        Assert.Equal(0L, Convert.ToInt64(await QueryAsync<object>("select count(*) from budgets"), null));
    }

    [Fact, Trait("Req", "F2")]
    public async Task The_feed_tells_of_configuration_state_and_throttling()
    {
        var start = await Stores.Changes.LastPositionAsync(default);
        await Integrations.UpdateAsync(Mail with { ClientId = "right" }, Now, default);
        await Integrations.SetStateAsync(Mail.Id, new() { State = IntegrationState.Paused }, Now, default);
        await Integrations.ThrottleAsync(Mail.Id, Now.AddMinutes(5), default);

        var changes = await Stores.Changes.ReadAsync(start, [], 10, default);

        Assert.Equal(3, changes.Count);
        Assert.All(changes, c => Assert.Equal((ChangeKind.Integration, Mail.Id), (c.Kind, c.IntegrationId)));
    }

    private IntegrationStateChange Misconfigured(int probes = 0) => new()
    {
        ConfigVersion = 1,
        State = IntegrationState.Misconfigured,
        Reason = "invalid_client",
        NextProbeAt = Now.AddMinutes(5),
        Probes = probes,
        Opens = Given.Draft(NotificationKind.IntegrationMisconfigured) with { Audience = Audience.Operator },
    };
}
