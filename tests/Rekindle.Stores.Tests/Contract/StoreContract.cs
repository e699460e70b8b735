using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Sql;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>
/// What every part of the contract suite stands on: a database with one integration in it, a clock, and short ways to make
/// connections and look at them. A store is what passes all classes of this namespace.
/// </summary>
/// <remarks>
/// Leases run on the store's own clock, which for PostgreSQL is the server's: tests never wait for one to run out, they age it.
/// </remarks>
public abstract class StoreContract<TStore> : IAsyncLifetime
    where TStore : TestStore, new()
{
    protected const string Environment = "production";

    internal TStore Store { get; } = new();
    private int _subjects;

    internal ManualClock Clock => Store.Clock;

    internal StoreSet Stores { get; private set; } = null!;

    internal IRefreshStore Refresh => Stores.Refresh;

    internal IConnectionStore Connections => Stores.Connections;

    internal Integration Mail { get; private set; } = null!;

    protected DateTimeOffset Now => Clock.Now;

    public virtual async ValueTask InitializeAsync()
    {
        await Store.InitializeAsync();
        Stores = Store.Open();
        Mail = await CreateIntegrationAsync("mail");
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Another program on the same database.</summary>
    internal StoreSet OpenAnother() => Store.Open();

    internal async Task<Integration> CreateIntegrationAsync(string key, string environment = Environment) =>
        (await Stores.Integrations.CreateAsync(Given.Integration(key, environment) with { CreatedAt = Now }, default))!;

    /// <summary>A connection of the integration, active and due an hour from now unless told otherwise.</summary>
    internal async Task<Connection> ConnectAsync(Func<NewGrant, NewGrant>? change = null)
    {
        var grant = Given.Grant(Mail, $"user-{++_subjects}", Now);
        var result = await Connections.SaveGrantAsync(change is null ? grant : change(grant), default);
        return Assert.IsType<GrantResult.Created>(result).Snapshot.Connection;
    }

    /// <summary>One that is due now.</summary>
    internal Task<Connection> ConnectDueAsync(Func<NewGrant, NewGrant>? change = null) => ConnectAsync(grant =>
    {
        var due = grant with { DueAt = Now };
        return change is null ? due : change(due);
    });

    internal async Task<ConnectionSnapshot> GetAsync(ConnectionId id) => (await Connections.GetAsync(id, default))!;

    /// <summary>The lease on a connection as it stands.</summary>
    internal async Task<Claim> ClaimAsync(ConnectionId id, string holder = Given.Worker)
    {
        var version = (await GetAsync(id)).Tokens!.Version;
        var answer = await Refresh.ClaimOneAsync(id, version, Given.Terms(Now, holder), TimeSpan.Zero, default);
        return Assert.IsType<ClaimAnswer.Taken>(answer).Claim;
    }

    internal Task<IReadOnlyList<Claim>> ClaimDueAsync(int limit = 100, string holder = Given.Worker) =>
        Refresh.ClaimDueAsync(new(holder, Now, Given.Lease, [new(Mail.Id, limit)]), default);

    internal async Task<CommitResult> CommitAsync(RefreshCommit commit) => Assert.Single(await Refresh.CommitAsync([commit], default));

    /// <summary>Lets a lease have begun so much earlier, by the store's own clock: one older than its length has run out.</summary>
    internal Task AgeLeaseAsync(ConnectionId id, TimeSpan by) => Stores.Database.WriteAsync(
        session => session.ExecuteAsync(
            "update refresh_schedule set lease_until = lease_until - @by, leased_at = leased_at - @by where connection_id = @id",
            ("by", (long)by.TotalMilliseconds), ("id", id)),
        default);

    /// <summary>Lets a lease have run out so long ago.</summary>
    internal Task RunOutAsync(ConnectionId id, TimeSpan ago) => AgeLeaseAsync(id, Given.Lease + ago);

    /// <summary>A single value, past the stores.</summary>
    internal Task<T?> QueryAsync<T>(string sql, params (string Name, object? Value)[] parameters) => Stores.Database.ReadAsync(
        session => session.FirstAsync(sql, row => (T?)row.Value(), parameters), default);
}
