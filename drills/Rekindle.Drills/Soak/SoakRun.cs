using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rekindle.Connections;
using Rekindle.Drills.Crash;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Drills.Soak;

/// <summary>
/// Days in minutes: the engine in this process on SQLite and a manual clock, in front of one simulated provider of each kind, with callers and
/// now and then an outage. What the process holds is looked at after every few simulated hours.
/// </summary>
internal sealed class SoakRun(TimeSpan length, int connections, TextWriter output)
{
    private const int Samples = 24;
    private const int CallsPerStep = 50;
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan OutageEvery = TimeSpan.FromHours(12);

    private readonly ManualClock _clock = new();
    private readonly Random _random = new(1);
    private readonly SortedDictionary<string, int> _errors = [];
    private DateTimeOffset _begin;

    /// <summary>0 when nothing grows.</summary>
    public async Task<int> RunAsync()
    {
        using var folder = new TempFolder();
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Time = _clock,
            HistoryCapacity = 1000,
            Servers = ProviderKind.All.ToDictionary(k => k.Name, k => k.Personality with { AccessTokenLifetime = TokenLifetime }),
        });
        using var engine = Build(folder, simulator);
        await engine.StartAsync();
        var ids = await SeedAsync(engine.Services, simulator);
        output.WriteLine($"{ids.Count} connections, tokens of one hour; {length.TotalDays.ToString("0.##", CultureInfo.InvariantCulture)} days of simulated time");
        output.WriteLine("simulated    refreshes   heap MB   resident MB   handles   threads");

        var started = Stopwatch.StartNew();
        var (samples, served, asked) = (new List<SoakSample>(), 0L, 0L);
        var (nextSample, nextOutage) = (TimeSpan.Zero, OutageEvery);
        _begin = _clock.Now;
        for (var at = TimeSpan.Zero; at <= length; at = _clock.Now - _begin)
        {
            if (at >= nextOutage)
            {
                nextOutage += OutageEvery;
                simulator.Servers.Values.ElementAt(_random.Next(simulator.Servers.Count)).Faults.Add(Fault.Of(FaultKind.Outage).Times(5));
            }

            await BeatAsync(engine.Services);
            (served, asked) = (served + await AskAsync(engine.Services, ids), asked + CallsPerStep);
            if (at >= nextSample)
            {
                nextSample += length / Samples;
                samples.Add(Write(SoakSample.Take(at), simulator));
            }

            await LandAsync(engine.Services);
            _clock.Advance(Step);
        }

        var ended = await WriteEndedAsync(engine.Services, ids);
        await engine.StopAsync();
        return Judge(samples, ended, served, asked, started.Elapsed);
    }

    private IHost Build(TempFolder folder, SimulatorHost simulator)
    {
        CatalogueEntry.WriteAll(simulator, folder.File("catalogue"));
        KeyRingFile.Create(folder.File("keys"), _clock.Now);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddRekindle(o =>
        {
            o.KeyRingFile = folder.File("keys");
            o.Journal.Folder = folder.File("journal");
            o.Journal.AllowEphemeral = true;
            o.Journal.SegmentMegabytes = 1;
            o.Catalogue.OverrideFolder = folder.File("catalogue");
            o.Catalogue.AllowInsecureEndpoints = true;
            o.Exchange.AllowPlainHttp = true;
            o.Exchange.AllowPrivateNetworks = true;
            o.Refresh.WorkerEnabled = false;

            // Longer than a step: a request that a caller's flight has just sent does not run out when the clock moves.
            o.Refresh.HttpDeadline = 2 * Step;
            o.Refresh.Lease = 4 * Step;
            o.Refresh.AttemptRetention = TimeSpan.FromDays(2);
        }).UseSqlite(folder.File("rekindle.db"));
        return builder.Build();
    }

    private async Task<IReadOnlyList<ConnectionId>> SeedAsync(IServiceProvider services, SimulatorHost simulator)
    {
        var ids = new List<ConnectionId>();
        foreach (var server in simulator.Servers.Values)
        {
            await AddIntegrationAsync(services, server);
            for (var i = 0; i < connections / simulator.Servers.Count; i++)
            {
                var grant = server.IssueGrant($"user-{i}");
                var result = await services.GetRequiredService<ConnectionImporter>().ImportAsync(new ImportedGrant
                {
                    Key = new ConnectionKey("production", server.Name, "", grant.Subject, "default", ""),
                    AccessToken = Secret.OrNull(grant.AccessToken),
                    RefreshToken = Secret.OrNull(grant.RefreshToken),
                    ExpiresAt = grant.ExpiresAt,
                    ProviderAccountId = grant.Subject,
                });
                ids.Add(((GrantResult.Created)result).Snapshot.Connection.Id);
            }
        }

        return ids;
    }

    private async Task AddIntegrationAsync(IServiceProvider services, AuthorizationServer server)
    {
        var client = RegisteredClient.Default;
        var integration = new Integration
        {
            Environment = "production",
            Key = server.Name,
            Provider = CatalogueEntry.KeyOf(server),
            DisplayName = server.Name,
            ClientId = client.Id,
            Policy = new IntegrationPolicy { BudgetRequests = 100_000 },
            CreatedAt = _clock.Now,
            UpdatedAt = _clock.Now,
        };
        var sealer = services.GetRequiredService<Sealer>();
        await services.GetRequiredService<IIntegrationStore>().CreateAsync(
            integration with { ClientSecret = sealer.Seal(new Secret(client.Secrets[0]), integration.SealContext(SecretKind.ClientSecret)) }, CancellationToken.None);
        await services.GetRequiredService<IntegrationDirectory>().ReloadAsync(CancellationToken.None);
    }

    private static async Task BeatAsync(IServiceProvider services)
    {
        // Five minutes pass in milliseconds: what happens once a second on its own is done here, so that it is not overtaken.
        await services.GetRequiredService<ChangeFollower>().ReadAsync(CancellationToken.None);
        var heartbeat = services.GetRequiredService<Heartbeat>();
        await heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, CancellationToken.None);
        await heartbeat.DrainAsync();
    }

    // What is in flight has seconds by this clock; five minutes must not pass in the middle of it.
    private static async Task LandAsync(IServiceProvider services)
    {
        var store = services.GetRequiredService<IRefreshStore>();
        do
        {
            await services.GetRequiredService<FlightCount>().LandedAsync();
        }
        while ((await store.ListLeasesAsync("production", 1, CancellationToken.None)).Count > 0);
    }

    private async Task<int> AskAsync(IServiceProvider services, IReadOnlyList<ConnectionId> ids)
    {
        var served = 0;
        for (var i = 0; i < CallsPerStep; i++)
        {
            var token = await services.GetRequiredService<TokenReader>().TryGetAsync(ids[_random.Next(ids.Count)], new TokenDemand());
            served += token.Token is null ? 0 : 1;
            if (token.Error is { } error)
            {
                var code = Names.Of(error.Code);
                _errors[code] = _errors.GetValueOrDefault(code) + 1;
            }
        }

        return served;
    }

    private async Task<int> WriteEndedAsync(IServiceProvider services, IReadOnlyList<ConnectionId> ids)
    {
        var ended = 0;
        foreach (var id in ids)
        {
            var connection = (await services.GetRequiredService<IConnectionStore>().GetAsync(id, CancellationToken.None))!.Connection;
            if (connection.Status == ConnectionStatus.NeedsReauthorization)
            {
                ended++;
                output.WriteLine($"  {connection.Key.Integration} {connection.Key.Subject} ended {Names.Of(connection.Status)}, {connection.DisconnectReason}, last failure "
                    + $"{(connection.LastFailureAt - _begin)?.TotalHours:0.0} h: {connection.LastRefreshError}");
            }
        }

        return ended;
    }

    private SoakSample Write(SoakSample sample, SimulatorHost simulator)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sample.At.TotalHours,7:0.0} h {simulator.History.Newest,12} {sample.HeapMegabytes,9:0.0} {sample.ResidentMegabytes,13:0} {sample.Handles,9} {sample.Threads,9}"));
        return sample;
    }

    private int Judge(List<SoakSample> samples, int ended, long served, long asked, TimeSpan took)
    {
        var growing = SoakVerdict.Growing(samples);
        foreach (var what in growing)
        {
            output.WriteLine($"  {what}");
        }

        if (_errors.Count > 0)
        {
            output.WriteLine($"callers without a token: {string.Join(", ", _errors.Select(e => $"{e.Key} {e.Value}"))}");
        }

        var isWell = growing.Count == 0 && ended == 0 && served >= asked * 0.99;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"verdict: {(isWell ? "ok" : "FAILED")}: {growing.Count} of 4 things grow; {ended} connections ended; {100.0 * served / asked:0.00}% of {asked} callers were served; took {took.TotalSeconds:0} s"));
        return isWell ? 0 : 1;
    }
}
