using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Hosting;
using Rekindle.Providers;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Benchmarks.Setting;

/// <summary>One database with its key ring, journal folder, provider and API key; servers are started on it.</summary>
internal sealed class Deployment
{
    public const string Environment = "production";
    public const string ProviderKey = "stub";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly string _folder;
    private readonly string? _connectionString;
    private int _servers;

    private Deployment(string folder, string? connectionString) => (_folder, _connectionString) = (folder, connectionString);

    public string ApiKey { get; private set; } = "";

    public string ConnectionString => _connectionString ?? throw new InvalidOperationException("This deployment lies in a file.");

    private string KeyRing => Path.Combine(_folder, "keys");

    private string Catalogue => Path.Combine(_folder, "catalogue");

    private string File => Path.Combine(_folder, "rekindle.db");

    /// <summary>Runs <c>rekindle-server init</c>.</summary>
    /// <param name="folder">For everything but the database.</param>
    /// <param name="connectionString">An empty PostgreSQL database; null: a SQLite file in the folder.</param>
    /// <param name="tokenEndpoint">The provider's.</param>
    public static async Task<Deployment> CreateAsync(string folder, string? connectionString, Uri tokenEndpoint)
    {
        var deployment = new Deployment(folder, connectionString);
        WriteCatalogue(deployment.Catalogue, tokenEndpoint);
        await using var init = Child.Start(BenchPlace.ServerAssembly, ["init"], deployment.Settings());
        if (await init.ExitedAsync() != 0)
        {
            throw new InvalidOperationException($"init failed:\n{init.Output}");
        }

        deployment.ApiKey = init.Output.Split('\n').Select(line => line.Trim()).Single(line => line.StartsWith("rk_", StringComparison.Ordinal));
        return deployment;
    }

    /// <summary>Starts the published server with more variables.</summary>
    public async Task<BenchServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var port = Child.FreePort();
        var all = Settings();
        all["REKINDLE_LISTEN"] = $"http://127.0.0.1:{port}";
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return await BenchServer.StartAsync(all, port, ApiKey);
    }

    /// <summary>The engine's parts in this process, for preparing; nothing of it runs.</summary>
    public IHost Parts(Action<RekindleOptions>? configure = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        var rekindle = builder.Services.AddRekindle(o =>
        {
            o.KeyRingFile = KeyRing;
            o.Journal.Folder = Path.Combine(_folder, "journal-here");
            o.Journal.AllowEphemeral = true;
            o.Catalogue.OverrideFolder = Catalogue;
            o.Catalogue.AllowInsecureEndpoints = true;
            o.Exchange.AllowPlainHttp = true;
            o.Exchange.AllowPrivateNetworks = true;
            configure?.Invoke(o);
        });
        if (_connectionString is null)
        {
            rekindle.UseSqlite(File);
        }
        else
        {
            rekindle.UsePostgres(_connectionString);
        }

        return builder.Build();
    }

    /// <summary>Makes integrations of the stub provider, with budgets that do not matter.</summary>
    public async Task<IReadOnlyList<Integration>> CreateIntegrationsAsync(string prefix, int count)
    {
        using var parts = Parts();
        var (store, sealer, now) = (parts.Services.GetRequiredService<IIntegrationStore>(), parts.Services.GetRequiredService<Sealer>(), DateTimeOffset.UtcNow);
        var made = new List<Integration>();
        for (var n = 0; n < count; n++)
        {
            var integration = new Integration
            {
                Environment = Environment,
                Key = $"{prefix}-{n}",
                Provider = ProviderKey,
                DisplayName = $"{prefix} {n}",
                ClientId = "bench-client",
                Policy = new IntegrationPolicy { BudgetRequests = 1_000_000, Slots = 1024 },
                CreatedAt = now,
                UpdatedAt = now,
            };
            var secret = sealer.Seal(new Secret(Floors.StubProvider.ClientSecret), integration.SealContext(SecretKind.ClientSecret));
            made.Add((await store.CreateAsync(integration with { ClientSecret = secret }, CancellationToken.None))!);
        }

        return made;
    }

    /// <summary>Fills PostgreSQL with connections that hold real sealed tokens.</summary>
    /// <param name="integrations">Dealt out over these.</param>
    /// <param name="count">How many.</param>
    /// <param name="due">When each is due, counted from now.</param>
    /// <param name="life">What is left of each token's life.</param>
    public async Task<ConnectionId[]> SeedAsync(IReadOnlyList<Integration> integrations, int count, Func<int, TimeSpan> due, TimeSpan life)
    {
        using var parts = Parts();
        var now = DateTimeOffset.UtcNow;
        var (access, refresh) = (new string('a', Floors.StubProvider.AccessTokenLength), new string('r', Floors.StubProvider.RefreshTokenLength));
        var watch = Stopwatch.StartNew();
        var ids = await new ConnectionSeeder(ConnectionString).SeedAsync(new SeedPlan
        {
            Integrations = [.. integrations.Select(i => (i.Id, i.Key))],
            Count = count,
            Environment = Environment,
            Subject = $"{integrations[0].Key}-user-",
            Now = now,
            Times = n => new(now + (life < Lifetime ? life : TimeSpan.Zero) - Lifetime, now + life, now + due(n)),
            Material = SeedPlan.Sealed(parts.Services.GetRequiredService<Sealer>(), Environment, _ => (access, refresh)),
        });
        await Console.Error.WriteLineAsync($"  {count:N0} connections seeded in {watch.Elapsed.TotalSeconds:0} s");
        return ids;
    }

    /// <summary>The catalogue with the stub provider in it.</summary>
    public static ProviderCatalogue LoadCatalogue(string folder, Uri tokenEndpoint)
    {
        WriteCatalogue(folder, tokenEndpoint);
        return ProviderCatalogue.Load(new ProviderCatalogueOptions { OverrideFolder = folder, AllowInsecureEndpoints = true });
    }

    private static void WriteCatalogue(string folder, Uri tokenEndpoint)
    {
        Directory.CreateDirectory(folder);
        System.IO.File.WriteAllText(Path.Combine(folder, "stub.yaml"), CatalogueEntry(tokenEndpoint));
    }

    private Dictionary<string, string> Settings()
    {
        var settings = new Dictionary<string, string>
        {
            ["REKINDLE_STORE"] = _connectionString is null ? "sqlite" : "postgres",
            ["REKINDLE_KEY_RING_FILE"] = KeyRing,
            ["REKINDLE_JOURNAL__FOLDER"] = Path.Combine(_folder, $"journal-{++_servers}"),
            ["REKINDLE_JOURNAL__ALLOW_EPHEMERAL"] = "true",
            ["REKINDLE_CATALOGUE__OVERRIDE_FOLDER"] = Catalogue,
            ["REKINDLE_CATALOGUE__ALLOW_INSECURE_ENDPOINTS"] = "true",
            ["REKINDLE_EXCHANGE__ALLOW_PLAIN_HTTP"] = "true",
            ["REKINDLE_EXCHANGE__ALLOW_PRIVATE_NETWORKS"] = "true",
        };
        settings[_connectionString is null ? "REKINDLE_SQLITE__PATH" : "REKINDLE_POSTGRES__CONNECTION_STRING"] = _connectionString ?? File;
        return settings;
    }

    // A provider of the careful kind: every refresh token is good for one use.
    private static string CatalogueEntry(Uri tokenEndpoint) =>
        $$"""
        key: {{ProviderKey}}
        display_name: Stub
        version: 1
        endpoints:
          authorize: {{new Uri(tokenEndpoint, "/authorize")}}
          token: {{tokenEndpoint}}
        lifecycle:
          rotation: { value: always, confidence: confirmed, date: 2026-11-21, source: the stub itself }
          reuse: { value: strict, confidence: confirmed, date: 2026-11-21, source: the stub itself }
          throttle_scope: { value: connection, confidence: confirmed, date: 2026-11-21, source: the stub itself }
        """;
}
