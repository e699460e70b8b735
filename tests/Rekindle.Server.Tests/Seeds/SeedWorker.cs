using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Hosting;
using Rekindle.Journal;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Seeds;

/// <summary>
/// One process, as far as it refreshes: the engine's own classes as the container makes them, with a journal folder of its own. Nothing
/// runs by itself but the queue of commits and the journal; the run drives the rest. It may die at any moment.
/// </summary>
internal sealed class SeedWorker : IAsyncDisposable
{
    private static readonly Type[] RunByThemselves = [typeof(ResultJournal), typeof(JournalRecovery), typeof(CommitQueue)];

    private readonly ServiceProvider _services;

    private SeedWorker(string name, ServiceProvider services, SeedLife life)
    {
        Name = name;
        _services = services;
        Life = life;
    }

    public string Name { get; }

    public SeedLife Life { get; }

    public Heartbeat Heartbeat => Get<Heartbeat>();

    public TokenReader Tokens => Get<TokenReader>();

    public ConnectionLevers Levers => Get<ConnectionLevers>();

    public IConnectionStore Connections => Get<IConnectionStore>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Starts it: what a dead one left in this journal folder is taken over before this returns.</summary>
    public static async Task<SeedWorker> StartAsync(SeedWorld world, string folder, string name, int seed, ILoggerProvider log)
    {
        var life = new SeedLife();
        var services = new ServiceCollection();
        services.AddLogging(b => b.AddProvider(log).SetMinimumLevel(LogLevel.Information));
        services.AddSingleton<TimeProvider>(world.Clock);
        services.AddSingleton(new WorkerIdentity(name, "1.0", world.Clock.Now));
        world.Configure(services, folder, Path.Combine(folder, "journal-" + name.Split('.')[0]));

        // One flight at a time: then the order of events is the run's, and not the thread pool's.
        services.Configure<RekindleOptions>(o => o.Refresh.Slots = 1);
        services.AddSingleton(s => new RefreshClock(s.GetRequiredService<RefreshOptions>(), world.Clock, new Random(seed)));
        Wrap<IRefreshStore>(services, life);
        Wrap<IConnectionStore>(services, life);
        Wrap<IIntegrationStore>(services, life);
        Wrap<IVerdictStore>(services, life);
        Wrap<IBudgetStore>(services, life);
        Wrap<IAttemptStore>(services, life);
        var worker = new SeedWorker(name, services.BuildServiceProvider(), life);
        life.JournalledAsync = async () =>
        {
            while (worker.Get<ResultJournal>().Pending == 0)
            {
                await Task.Delay(1);
            }
        };
        foreach (var service in worker.Hosted)
        {
            await service.StartAsync(default);
        }

        return worker;
    }

    /// <summary>The process is gone: nothing of it reaches the database any more, and its journal's folder is free.</summary>
    public async Task DieAsync()
    {
        Life.Die();
        await Get<JournalRecovery>().StopAsync(default);
        await Get<ResultJournal>().StopAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        if (!Life.IsDead)
        {
            await DieAsync();
        }

        await _services.DisposeAsync();
    }

    private IEnumerable<IHostedService> Hosted => _services.GetServices<IHostedService>().Where(s => RunByThemselves.Contains(s.GetType()));

    private static void Wrap<T>(ServiceCollection services, SeedLife life)
        where T : class
    {
        var original = services.Last(d => d.ServiceType == typeof(T));
        services.AddSingleton(s => SeedStore<T>.Wrap((T)original.ImplementationFactory!(s), life));
    }
}
