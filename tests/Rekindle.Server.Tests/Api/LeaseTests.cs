using Rekindle.Simulator.Faults;

namespace Rekindle.Server.Tests.Api;

[Trait("Req", "A4")]
public sealed class LeaseTests
{
    [Fact]
    public async Task A_lease_shows_its_holder_and_verdict_and_can_be_broken_once()
    {
        await using var host = await ApiHost.StartAsync();
        var id = await host.ImportAsync("held", tenant: "t1", expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1));
        host.Server.Faults.Add(Fault.Hold());
        var asking = ApiHost.GetAsync(host.Admin, $"/v1/connections/{id}/token?max_wait_seconds=30");
        await host.Simulator.History.WaitForAsync(p => p.GrantType == "refresh_token");

        var lease = Assert.Single((await ApiHost.GetAsync(host.Admin, "/v1/leases")).Items());
        var hidden = await ApiHost.GetAsync(await host.ClientAsync(["connections:read"], tenants: ["t2"]), "/v1/leases");
        var broken = await ApiHost.SendAsync(host.Admin, HttpMethod.Delete, $"/v1/leases/{id}");
        var after = Assert.Single((await ApiHost.GetAsync(host.Admin, "/v1/leases")).Items());
        host.Server.Faults.Clear();

        Assert.Equal((id, "normal", "held"), (lease.Text("connection_id"), lease.Text("verdict"), lease.Text("subject")));
        Assert.True(lease.GetProperty("expires_at").GetDateTimeOffset() > TimeProvider.System.GetUtcNow().AddMinutes(2));
        Assert.InRange(lease.GetProperty("held_seconds").GetInt64(), 0, 60);
        Assert.Empty(hidden.Items());
        Assert.Equal((204, "open_intent", true), (broken.Status, after.Text("verdict"), after.GetProperty("fence").GetInt64() > lease.GetProperty("fence").GetInt64()));
        await asking;
        Assert.Single(host.Simulator.History.Refreshes());
    }

    [Fact]
    public async Task Where_there_is_no_lease_there_is_nothing_to_break()
    {
        await using var host = await ApiHost.StartAsync();
        var id = await host.ImportAsync("free");

        Assert.Equal("no_lease", (await ApiHost.SendAsync(host.Admin, HttpMethod.Delete, $"/v1/leases/{id}")).Code());
        Assert.Equal("unknown_connection", (await ApiHost.SendAsync(host.Admin, HttpMethod.Delete, "/v1/leases/con_0000000000000")).Code());
    }

    [Fact]
    [Trait("Req", "A13")]
    public async Task A_worker_that_beats_is_listed_alive()
    {
        await using var host = await ApiHost.StartAsync(worker: true);

        var started = TimeProvider.System.GetTimestamp();
        System.Text.Json.JsonElement[] workers;
        do
        {
            workers = (await ApiHost.GetAsync(host.Admin, "/v1/workers")).Items();
        }
        while (workers.Length == 0 && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30));

        Assert.True(Assert.Single(workers).GetProperty("alive").GetBoolean());
        Assert.NotEmpty(workers[0].GetProperty("key_ids").EnumerateArray());
    }
}
