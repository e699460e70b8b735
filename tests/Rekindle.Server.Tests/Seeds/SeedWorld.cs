using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Seeds;

/// <summary>What all runs have in common: one simulated provider per reuse rule, and a database with an integration for each, copied for every run.</summary>
internal sealed class SeedWorld : IAsyncDisposable
{
    public const string Environment = "production";

    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private static readonly RefreshTokenRules SingleUse = new() { RotateEvery = 1 };

    private static readonly Dictionary<string, RefreshTokenRules> Rules = new()
    {
        ["none"] = new(),
        ["sometimes"] = new() { RotateEvery = 2, Superseded = Superseded.Grace, Grace = TimeSpan.FromHours(2) },
        ["grace"] = SingleUse with { Superseded = Superseded.Grace, Grace = TimeSpan.FromMinutes(30), RepeatsSuccessor = true },
        ["until-used"] = SingleUse with { Superseded = Superseded.UntilSuccessorUsed, Grace = TimeSpan.FromDays(30) },
        ["single-use"] = SingleUse,
        ["revoking"] = SingleUse with { ReuseEndsGrant = true },
    };

    private readonly TempFolder _folder = new();
    private ProviderCatalogue _catalogue = null!;

    private SeedWorld(SimulatorHost simulator, ManualClock clock) => (Simulator, Clock) = (simulator, clock);

    public SimulatorHost Simulator { get; }

    public ManualClock Clock { get; }

    public SeedTally Tally { get; } = new();

    public IReadOnlyList<AuthorizationServer> Servers => [.. Simulator.Servers.Values.OrderBy(s => s.Name, StringComparer.Ordinal)];

    public static async Task<SeedWorld> StartAsync()
    {
        var clock = new ManualClock();
        var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Time = clock,
            HistoryCapacity = 2000,
            Servers = Rules.ToDictionary(r => r.Key, r => new Personality { AccessTokenLifetime = Lifetime, RefreshTokens = r.Value }),
        });
        var world = new SeedWorld(simulator, clock);
        await world.PrepareAsync();
        return world;
    }

    /// <summary>A folder for one run, with a database of its own.</summary>
    public TempFolder NewFolder()
    {
        var folder = new TempFolder();
        File.Copy(Database(_folder.Path), Database(folder.Path));
        return folder;
    }

    public void Configure(IServiceCollection services, string folder, string journal)
    {
        services.AddRekindle(o =>
        {
            o.KeyRingFile = _folder.File("keys");
            o.Journal.Folder = journal;
            o.Journal.AllowEphemeral = true;
            o.Journal.SegmentMegabytes = 1;
            o.Catalogue.OverrideFolder = _folder.File("catalogue");
            o.Catalogue.AllowInsecureEndpoints = true;
            o.Exchange.AllowPlainHttp = true;
            o.Exchange.AllowPrivateNetworks = true;
            o.Refresh.WorkerEnabled = false;
        }).UseSqlite(Database(folder));
        if (_catalogue is not null)
        {
            services.AddSingleton(_catalogue);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Simulator.DisposeAsync();
        _folder.Dispose();
    }

    private static string Database(string folder) => Path.Combine(folder, "rekindle.db");

    private async Task PrepareAsync()
    {
        CatalogueEntry.WriteAll(Simulator, _folder.File("catalogue"));
        KeyRingFile.Create(_folder.File("keys"), Clock.Now);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<TimeProvider>(Clock);
        Configure(builder.Services, _folder.Path, _folder.File("journal"));
        using var host = builder.Build();
        await host.StartAsync();
        foreach (var server in Servers)
        {
            var integration = new Integration
            {
                Environment = Environment,
                Key = server.Name,
                Provider = CatalogueEntry.KeyOf(server),
                DisplayName = server.Name,
                ClientId = RegisteredClient.Default.Id,
                Policy = EngineSettings.AtOnce,
                CreatedAt = Clock.Now,
                UpdatedAt = Clock.Now,
            };
            var secret = host.Services.GetRequiredService<Sealer>().Seal(
                new Secret(RegisteredClient.Default.Secrets[0]), integration.SealContext(SecretKind.ClientSecret));
            await host.Services.GetRequiredService<IIntegrationStore>().CreateAsync(integration with { ClientSecret = secret }, default);
        }

        _catalogue = host.Services.GetRequiredService<ProviderCatalogue>();
        await host.StopAsync();
    }
}

/// <summary>What happened in all runs together: a simulation in which nothing happens shows nothing.</summary>
internal sealed record SeedTally
{
    public int Lives { get; set; }

    public int Deaths { get; set; }

    public int Presented { get; set; }

    public int PresentedAgain { get; set; }

    public int OutsideRule { get; set; }

    public int Forgotten { get; set; }

    public int RotationLost { get; set; }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Lives} connections, {Deaths} deaths of workers; {Presented} refresh tokens presented, {PresentedAgain} again inside the provider's rule, "
        + $"{OutsideRule} once more after an unknown outcome, {Forgotten} that the provider had forgotten; {RotationLost} connections ended as rotation_lost");
}
