using Microsoft.Extensions.DependencyInjection;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>All stores over one database.</summary>
internal sealed record StoreSet : IAsyncDisposable
{
    public required SqlDatabase Database { get; init; }

    public required IRefreshStore Refresh { get; init; }

    public required IConnectionStore Connections { get; init; }

    public required IIntegrationStore Integrations { get; init; }

    public required IAttemptStore Attempts { get; init; }

    public required IBudgetStore Budgets { get; init; }

    public required IChangeFeed Changes { get; init; }

    public required IDependentStore Dependents { get; init; }

    public required IVerdictStore Verdicts { get; init; }

    public required INotificationStore Notifications { get; init; }

    public required IObservationStore Observations { get; init; }

    public required IWorkerStore Workers { get; init; }

    public required IApiKeyStore ApiKeys { get; init; }

    public required IConnectSessionStore ConnectSessions { get; init; }

    public required IIdempotencyStore Idempotency { get; init; }

    public required IAuditStore Audit { get; init; }

    public required IOwnershipStore Ownership { get; init; }

    /// <summary>Registers a set, and each store of it under its interface. The container closes the database.</summary>
    public static void Register(IServiceCollection services, Func<IServiceProvider, StoreSet> create)
    {
        services.AddSingleton(create);
        services.AddSingleton<IDatabase>(s => s.GetRequiredService<StoreSet>().Database);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Refresh);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Connections);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Integrations);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Attempts);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Budgets);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Changes);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Dependents);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Verdicts);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Notifications);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Observations);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Workers);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().ApiKeys);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().ConnectSessions);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Idempotency);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Audit);
        services.AddSingleton(s => s.GetRequiredService<StoreSet>().Ownership);
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
