using Rekindle.Testing;

namespace Rekindle.Benchmarks.Setting;

/// <summary>What the lines share, made when the first one needs it: a PostgreSQL server that keeps its promises, a provider, a folder on a disk.</summary>
internal sealed class BenchPlace(BenchOptions options) : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rekindle-bench-");
    private readonly Dictionary<string, Deployment> _deployments = [];
    private PostgresServer? _postgres;
    private Million? _million;
    private Child? _provider;
    private int _providerPort;

    public BenchOptions Options { get; } = options;

    /// <summary>What a worker that uses the whole machine reached in this run; null: not measured yet.</summary>
    public double? RefreshesPerSecond { get; set; }

    /// <summary>The server as ./bench has published it: ReadyToRun.</summary>
    public static string ServerAssembly => Repository.PathTo("artifacts", "bench", "server", "rekindle-server.dll");

    /// <summary>PostgreSQL with fsync, and room enough that checkpoints do not rule the figures.</summary>
    public async Task<PostgresServer> PostgresAsync() => _postgres ??= await PostgresServer.StartDurableAsync(
        "fsync=on", "synchronous_commit=on", "shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "wal_compression=off");

    /// <summary>Processor time of PostgreSQL and all its processes that live.</summary>
    public async Task<TimeSpan> PostgresCpuAsync()
    {
        var parent = (await PostgresAsync()).ProcessId;
        return ProcessTimes.OfFamily(parent);
    }

    /// <summary>Address of the provider's token endpoint.</summary>
    public async Task<Uri> ProviderAsync()
    {
        if (_provider is null)
        {
            _providerPort = Child.FreePort();
            _provider = Child.StartVerb("stub-provider", $"{_providerPort}");
            await _provider.ListeningAsync(_providerPort);
        }

        return new Uri($"http://127.0.0.1:{_providerPort}/token");
    }

    /// <summary>A deployment on PostgreSQL, kept for later lines under its name.</summary>
    public async Task<Deployment> DeploymentAsync(string name)
    {
        if (!_deployments.TryGetValue(name, out var deployment))
        {
            var postgres = await PostgresAsync();
            var database = await postgres.CreateDatabaseAsync();
            _deployments[name] = deployment = await Deployment.CreateAsync(Folder(name), database.ConnectionString, await ProviderAsync());
        }

        return deployment;
    }

    /// <summary>The large deployment.</summary>
    public async Task<Million> MillionAsync() => _million ??= await Million.CreateAsync(this);

    /// <summary>A folder on a disk.</summary>
    public string Folder(string name) => _folder.CreateSubdirectory(name).FullName;

    public async ValueTask DisposeAsync()
    {
        if (_provider is not null)
        {
            await _provider.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }
}
