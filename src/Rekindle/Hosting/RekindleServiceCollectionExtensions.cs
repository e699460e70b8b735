using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rekindle.Alerts;
using Rekindle.ApiKeys;
using Rekindle.Attempts;
using Rekindle.Connect;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Hosting;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Telemetry;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Rekindle to an application.</summary>
public static class RekindleServiceCollectionExtensions
{
    /// <summary>
    /// Adds the engine: token reader, levers, and the worker unless <c>Refresh.WorkerEnabled</c> is off. Choose a store on what it
    /// returns: <c>.UseSqlite(…)</c> or <c>.UsePostgres(…)</c>.
    /// </summary>
    /// <example><code>services.AddRekindle(o => o.KeyRingFile = "/etc/rekindle/keys").UseSqlite("rekindle.db");</code></example>
    public static RekindleBuilder AddRekindle(this IServiceCollection services, Action<RekindleOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptionsWithValidateOnStart<RekindleOptions, RekindleOptionsCheck>();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(s => s.GetRequiredService<IOptions<RekindleOptions>>().Value);
        services.AddSingleton(s => s.GetRequiredService<RekindleOptions>().Refresh);
        AddEncryption(services);
        AddProviders(services);
        AddRefresh(services);
        AddTelemetry(services);
        AddConnections(services);
        AddApiKeys(services);
        AddOperations(services);
        AddConnect(services);
        return new RekindleBuilder(services);
    }

    /// <summary>As <see cref="AddRekindle(IServiceCollection, Action{RekindleOptions}?)"/>, with settings from configuration; unknown settings are mistakes.</summary>
    public static RekindleBuilder AddRekindle(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddRekindle(o => section.Bind(o, b => b.ErrorOnUnknownConfiguration = true));
    }

    private static void AddEncryption(IServiceCollection services)
    {
        services.AddSingleton(s => KeyRingSource.Load(s.GetRequiredService<RekindleOptions>()));
        services.AddSingleton<Sealer>();
        services.AddSingleton<Fingerprinter>();
    }

    private static void AddProviders(IServiceCollection services)
    {
        services.AddSingleton(s => ProviderCatalogue.Load(s.GetRequiredService<RekindleOptions>().Catalogue));
        services.AddSingleton(s =>
        {
            var clients = new ClientCredentialsOptions();
            foreach (var (name, client) in s.GetRequiredService<RekindleOptions>().Clients)
            {
                clients.Clients[name] = client;
            }

            return clients;
        });
        services.AddSingleton<ProviderDiscovery>();
        services.AddSingleton(s => new IntegrationDirectory(
            s.GetRequiredService<IIntegrationStore>(), s.GetRequiredService<ProviderCatalogue>(), s.GetRequiredService<Sealer>(),
            s.GetRequiredService<ClientCredentialsOptions>(), s.GetRequiredService<ProviderDiscovery>()));
    }

    private static void AddRefresh(IServiceCollection services)
    {
        services.TryAddSingleton(s => WorkerIdentity.ForThisProcess(s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new RefreshClock(s.GetRequiredService<RefreshOptions>(), s.GetRequiredService<TimeProvider>(), new Random()));
        services.AddSingleton(s => new TokenExchange(s.GetRequiredService<RekindleOptions>().Exchange, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<GrantOpener>();
        services.AddSingleton<AttemptWriter>();
        services.AddSingleton<IntegrationEvidence>();
        services.AddSingleton<IntegrationGuard>();
        services.AddSingleton(s => s.GetRequiredService<RekindleOptions>().Journal);
        services.AddSingleton(s => new ResultJournal(
            s.GetRequiredService<JournalOptions>(), s.GetRequiredService<RefreshOptions>(), s.GetRequiredService<KeyRing>(),
            s.GetRequiredService<WorkerIdentity>(), s.GetRequiredService<TimeProvider>(), s.GetService<IHostEnvironment>(),
            s.GetRequiredService<ILogger<ResultJournal>>()));
        services.AddSingleton(s => s.GetRequiredService<RekindleOptions>().Ownership);
        services.AddSingleton<KeyCheck>();
        services.AddSingleton<VolumeMemory>();
        services.AddSingleton(s => new DatabaseOwnership(
            s.GetRequiredService<IOwnershipStore>(), s.GetRequiredService<IDatabase>(), s.GetRequiredService<OwnershipOptions>(),
            s.GetRequiredService<VolumeMemory>(), s.GetRequiredService<Sealer>(), s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<DatabaseOwnership>>()));
        services.AddSingleton(s => new Unfreezer(
            s.GetRequiredService<IOwnershipStore>(), s.GetRequiredService<DatabaseOwnership>(), s.GetRequiredService<KeyCheck>(),
            s.GetRequiredService<VolumeMemory>(), s.GetRequiredService<JournalOptions>(), s.GetRequiredService<IntegrationDirectory>(),
            s.GetRequiredService<KeyRing>(), s.GetRequiredService<IAuditStore>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<UnwrittenResults>();
        services.AddSingleton<CommitQueue>();
        services.AddSingleton<RefreshSettler>();
        services.AddSingleton<FlightCount>();
        services.AddSingleton<RefreshEngine>();
        services.AddSingleton<RateBudget>();
        services.AddSingleton<SendGate>();
        services.AddSingleton<ClockSkew>();
        services.AddSingleton<VerdictPublisher>();
        services.AddSingleton<ScheduleSweep>();
        services.AddSingleton<StoreAbsence>();
        services.AddSingleton<Heartbeat>();
        services.AddSingleton<WorkerPulse>();
        services.AddSingleton<RefreshWorker>();
        services.AddSingleton<DatabaseTimeline>();
        services.AddSingleton<WorkerPresence>();
        services.AddSingleton<JournalRecovery>();
        services.AddSingleton<TimelineFollower>();

        // In this order: the database is ready and the journals of the dead are in it before anything claims; results are
        // written until the last refresh ended, and kept until the last is written.
        services.AddHostedService<DatabaseStartup>();
        services.AddHostedService(s => s.GetRequiredService<ResultJournal>());
        services.AddHostedService(s => s.GetRequiredService<JournalRecovery>());
        services.AddHostedService<OwnershipWatch>();
        services.AddHostedService(s => s.GetRequiredService<CommitQueue>());
        services.AddHostedService(s => s.GetRequiredService<FlightCount>());
        services.AddHostedService(s => s.GetRequiredService<ChangeFollower>());
        services.AddHostedService(s => s.GetRequiredService<TimelineFollower>());
        services.AddHostedService(s => s.GetRequiredService<RefreshWorker>());
        services.AddHostedService<AttemptMaintenance>();
        services.AddHostedService<DiscoveryWorker>();
    }

    private static void AddTelemetry(IServiceCollection services)
    {
        services.AddSingleton<RekindleMetrics>();
        services.AddSingleton(s => s.GetRequiredService<RekindleOptions>().Ping);
        services.AddSingleton<MonitorPing>();
        services.AddHostedService(s => s.GetRequiredService<MonitorPing>());
        services.AddSingleton<Observer>();
        services.AddSingleton<Gauges>();
        services.AddSingleton(s => new PrometheusPage(
            s.GetRequiredService<RekindleMetrics>(), s.GetRequiredService<Observer>(), s.GetRequiredService<Gauges>()));
        services.AddHostedService<TelemetryStartup>();
        services.AddSingleton(s => new AlertBoard(s.GetRequiredService<Observer>()));
        services.AddSingleton<AlertWorker>();
        services.AddHostedService(s => s.GetRequiredService<AlertWorker>());
    }

    private static void AddConnections(IServiceCollection services)
    {
        services.AddSingleton<TokenCache>();
        services.AddSingleton<ConnectionResolver>();
        services.AddSingleton<DemandRefreshes>();
        services.AddSingleton<ChangeFollower>();
        services.AddSingleton(s => new TokenReader(
            s.GetRequiredService<TokenCache>(), s.GetRequiredService<ConnectionResolver>(), s.GetRequiredService<DemandRefreshes>(),
            s.GetRequiredService<IConnectionStore>(), s.GetRequiredService<ChangeFollower>(), s.GetRequiredService<RefreshClock>(),
            s.GetRequiredService<RekindleMetrics>().Reads, s.GetRequiredService<RekindleOptions>()));
        services.AddSingleton<GrantWriter>();
        services.AddSingleton<GrantRevoker>();
        services.AddSingleton(s => new ConnectionImporter(
            s.GetRequiredService<IConnectionStore>(), s.GetRequiredService<IntegrationDirectory>(), s.GetRequiredService<GrantWriter>(),
            s.GetRequiredService<TokenCache>(), s.GetRequiredService<IAuditStore>(), s.GetRequiredService<ResultJournal>(),
            s.GetRequiredService<DatabaseOwnership>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LeverPlans>();
        services.AddSingleton(s => new ConnectionLevers(
            s.GetRequiredService<IConnectionStore>(), s.GetRequiredService<IRefreshStore>(), s.GetRequiredService<IAuditStore>(),
            s.GetRequiredService<ResultJournal>(), s.GetRequiredService<TokenReader>(), s.GetRequiredService<TokenCache>(), s.GetRequiredService<GrantRevoker>(), s.GetRequiredService<LeverPlans>(),
            s.GetRequiredService<DatabaseOwnership>(), s.GetRequiredService<RefreshWorker>(), s.GetRequiredService<RefreshClock>(), s.GetRequiredService<ILogger<ConnectionLevers>>()));
    }

    private static void AddApiKeys(IServiceCollection services)
    {
        services.AddSingleton(s => new ApiKeyDirectory(
            s.GetRequiredService<IApiKeyStore>(), s.GetRequiredService<ChangeFollower>(), s.GetRequiredService<RefreshClock>()));
        services.AddSingleton<ApiKeyIssuer>();
    }

    private static void AddOperations(IServiceCollection services)
    {
        services.AddSingleton<LeverBatch>();
        services.AddSingleton<AttemptTerminal>();
        services.AddSingleton(s => new AttemptTail(
            s.GetRequiredService<IAttemptStore>(), s.GetRequiredService<DatabaseTimeline>(), s.GetRequiredService<RefreshOptions>(),
            s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new IntegrationRules(s.GetRequiredService<ProviderCatalogue>(), s.GetRequiredService<RekindleOptions>().Exchange));
        services.AddSingleton(s => new IntegrationEditor(
            s.GetRequiredService<IIntegrationStore>(), s.GetRequiredService<IntegrationDirectory>(), s.GetRequiredService<IntegrationRules>(),
            s.GetRequiredService<ProviderCatalogue>(), s.GetRequiredService<Sealer>(), s.GetRequiredService<IVerdictStore>(),
            s.GetRequiredService<IAuditStore>(), s.GetRequiredService<RefreshWorker>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new IntegrationProbe(
            s.GetRequiredService<TokenExchange>(), s.GetRequiredService<RateBudget>(), s.GetRequiredService<IAuditStore>(), s.GetRequiredService<RefreshClock>()));
        services.AddSingleton(s => new CapacityReader(
            s.GetRequiredService<IRefreshStore>(), s.GetRequiredService<RateBudget>(), s.GetRequiredService<RefreshClock>()));
        services.AddSingleton(s => new LeaseInspector(
            s.GetRequiredService<IRefreshStore>(), s.GetRequiredService<IntegrationDirectory>(), s.GetRequiredService<Heartbeat>(),
            s.GetRequiredService<TimeProvider>()));

        // Slots and figures of its own: a call reports what it did, not what the worker did meanwhile.
        services.AddSingleton(s => new CronHeartbeat(
            ActivatorUtilities.CreateInstance<Heartbeat>(s), s.GetRequiredService<IRefreshStore>(), s.GetRequiredService<IWorkerStore>(),
            s.GetRequiredService<IntegrationDirectory>(), s.GetRequiredService<DatabaseOwnership>(), s.GetRequiredService<WorkerIdentity>(),
            s.GetRequiredService<RefreshClock>()));
    }

    private static void AddConnect(IServiceCollection services)
    {
        services.AddSingleton(s => s.GetRequiredService<RekindleOptions>().Connect);
        services.AddSingleton<ConnectLinks>();
        services.AddSingleton<PostedAnswers>();
        services.AddSingleton<ConnectGate>();
        services.AddSingleton<CodeExchange>();
        services.AddSingleton<AccountFinder>();
        services.AddSingleton<GrantKeeper>();
        services.AddSingleton<WaitingConsents>();
        services.AddSingleton<AbandonedGrants>();
        services.AddSingleton<ConnectExchange>();
        services.AddSingleton(s => new ConnectSessions(
            s.GetRequiredService<IConnectSessionStore>(), s.GetRequiredService<IConnectionStore>(), s.GetRequiredService<IAuditStore>(),
            s.GetRequiredService<IntegrationDirectory>(), s.GetRequiredService<ConnectLinks>(), s.GetRequiredService<DatabaseOwnership>(),
            s.GetRequiredService<RefreshClock>(), s.GetRequiredService<ConnectOptions>()));
        services.AddSingleton(s => new ConnectCompletion(
            s.GetRequiredService<IConnectSessionStore>(), s.GetRequiredService<IConnectionStore>(), s.GetRequiredService<IAuditStore>(),
            s.GetRequiredService<ResultJournal>(), s.GetRequiredService<IntegrationDirectory>(), s.GetRequiredService<GrantWriter>(), s.GetRequiredService<GrantKeeper>(),
            s.GetRequiredService<WaitingConsents>(), s.GetRequiredService<TokenCache>(), s.GetRequiredService<DatabaseOwnership>(), s.GetRequiredService<RefreshClock>()));
        services.AddSingleton(s => new ConnectFlow(
            s.GetRequiredService<ConnectGate>(), s.GetRequiredService<IConnectSessionStore>(), s.GetRequiredService<IntegrationDirectory>(),
            s.GetRequiredService<Sealer>(), s.GetRequiredService<RefreshClock>()));
        services.AddSingleton(s => new ConnectCallback(
            s.GetRequiredService<ConnectGate>(), s.GetRequiredService<IConnectSessionStore>(), s.GetRequiredService<IntegrationDirectory>(),
            s.GetRequiredService<ConnectExchange>(), s.GetRequiredService<ConnectLinks>(), s.GetRequiredService<Sealer>(),
            s.GetRequiredService<RefreshClock>(), s.GetRequiredService<ILogger<ConnectCallback>>()));
        services.AddHostedService<ConnectMaintenance>();
    }
}
