using System.Diagnostics.Metrics;
using System.Net;
using Rekindle.Connections;
using Rekindle.Server.Tests.Api;
using Rekindle.Server.Tests.Engine;
using Rekindle.Storage;
using Rekindle.Telemetry;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Telemetry;

/// <summary>What is counted, and how Prometheus gets it.</summary>
[Trait("Req", "F7")]
public sealed class MetricsTests
{
    [Fact]
    public async Task A_page_tells_what_the_engine_did_in_the_format_that_is_promised()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(3));
        await engine.BeatAsync();
        await engine.Heartbeat.CompleteCycleAsync(default);
        Assert.NotNull((await engine.AskAsync(id)).Token);
        Assert.NotNull((await engine.AskAsync(id)).Token);
        Assert.Null((await engine.AskAsync(new ConnectionId(1))).Token);

        var page = Exposition.Parse(await engine.Get<PrometheusPage>().WriteAsync());

        var provider = engine.Integration.Provider;
        Assert.Equal(1, page.Of("rekindle_refresh_attempts_total", ("rekindle_provider", provider), ("rekindle_outcome", "success")));
        Assert.Equal(1, page.Of("rekindle_refresh_duration_seconds_count", ("rekindle_provider", provider), ("rekindle_outcome", "success")));
        Assert.Equal(1, page.Of("rekindle_refresh_claims_total", ("rekindle_source", "scheduled")));
        Assert.Equal(1, page.Of("rekindle_refresh_commits_total", ("rekindle_result", "applied")));
        Assert.Equal(1, page["rekindle_worker_cycles_total"]);
        Assert.Equal((2, 1), (Handed(page), page.Of("rekindle_token_reads_total", ("rekindle_result", "refused"))));
        Assert.Equal(1, page.Of("rekindle_integrations", ("rekindle_integration", "acme"), ("rekindle_state", "active")));
        Assert.Equal(0.01, page.Of("rekindle_budget_utilisation_ratio", ("rekindle_integration", "acme")));
        Assert.Equal((0, 0, 0), (page["rekindle_journal_entries"], page["rekindle_connections_expired_active"], page["rekindle_connections_undecryptable"]));
        Assert.DoesNotContain(page.Samples, s => s.Labels.Values.Any(v => v.Contains("user-1", StringComparison.Ordinal) || v.Contains(id.ToString(), StringComparison.Ordinal)));
    }

    [Fact]
    public void Whatever_a_tag_says_the_page_stays_readable()
    {
        const string Odd = "a\\b\"c\nd{e}=,f\\n";
        using var meter = new Meter("test");
        var counter = meter.CreateCounter<long>("odd.things", "{thing}", "Back\\slash\nand line.");
        var metric = new MetricSeries(counter);
        metric.Record(2, [new("odd.tag", Odd), new("empty", "")]);
        metric.Record(3, [new("odd.tag", Odd), new("empty", "")]);
        var text = new System.Text.StringBuilder();

        metric.WriteTo(text, _ => true);

        var page = Exposition.Parse(text.ToString());
        Assert.Equal(5, page.Of("odd_things_total", ("odd_tag", Odd), ("empty", "")));
        Assert.Equal(@"Back\\slash\nand line.", page.Help["odd_things_total"]);
    }

    [Fact]
    public async Task A_histogram_counts_each_value_in_every_bucket_that_holds_it()
    {
        using var metrics = new RekindleMetrics();
        var metric = default(MetricSeries);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter == metrics.Meter && instrument.Name == "rekindle.refresh.duration")
                {
                    listening.EnableMeasurementEvents(instrument, metric = new MetricSeries(instrument));
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, state) => ((MetricSeries)state!).Record(value, tags));
        listener.Start();
        foreach (var seconds in (double[])[0.05, 0.2, 0.2, 7, 500])
        {
            metrics.RefreshEnded("acme", new Refresh.RefreshOutcome.NotSent(""), TimeSpan.FromSeconds(seconds), null);
        }

        var text = new System.Text.StringBuilder();
        metric!.WriteTo(text, _ => true);
        var page = Exposition.Parse(text.ToString());

        Assert.Equal(
            [("0.05", 1), ("0.25", 3), ("5", 3), ("10", 4), ("120", 4), ("+Inf", 5)],
            ((string[])["0.05", "0.25", "5", "10", "120", "+Inf"]).Select(b => (b, (int)page.Of("rekindle_refresh_duration_seconds_bucket", ("le", b)))));
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Reading_a_cached_token_allocates_nothing_while_it_is_counted()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromHours(1));
        await engine.AskAsync(id);
        var page = engine.Get<PrometheusPage>();
        await page.WriteAsync();
        await ReadAsync(100);
        var allocated = await ReadAsync(10_000);

        // The smallest object has 24 bytes: one per read would be 240,000. What else happens meanwhile may cost one read from the store.
        Assert.InRange(allocated, 0, 24_000);
        Assert.Equal(10_101, Handed(Exposition.Parse(await page.WriteAsync())));

        async ValueTask<long> ReadAsync(int times)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < times; i++)
            {
                await engine.Tokens.GetAsync(id);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public async Task Threads_that_read_at_the_same_time_are_all_counted()
    {
        var reads = new TokenReads();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                reads.CountAtOnce();
            }
        })));

        Assert.Equal(400_000, reads.AtOnce);
    }

    [Fact]
    public async Task The_database_is_looked_at_once_in_fifteen_seconds_however_often_somebody_asks()
    {
        var looks = 0;
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IObservationStore>.OnSqlite((_, _) =>
            {
                Interlocked.Increment(ref looks);
                return null;
            }),
        });
        var page = engine.Get<PrometheusPage>();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => page.WriteAsync()));
        engine.Clock.Advance(TimeSpan.FromSeconds(14));
        await page.WriteAsync();
        Assert.Equal(1, looks);
        engine.Clock.Advance(TimeSpan.FromSeconds(1));
        await page.WriteAsync();

        Assert.Equal(2, looks);
    }

    [Fact]
    public async Task Without_database_the_page_shows_what_the_process_knows_and_old_figures_disappear()
    {
        var away = false;
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IObservationStore>.OnSqlite((_, _) => away ? new StoreException("away") { IsTransient = true } : null),
        });
        var page = engine.Get<PrometheusPage>();
        await page.WriteAsync();
        away = true;
        engine.Clock.Advance(TimeSpan.FromSeconds(30));
        var soon = Exposition.Parse(await page.WriteAsync());
        engine.Clock.Advance(TimeSpan.FromSeconds(31));
        var later = Exposition.Parse(await page.WriteAsync());

        Assert.True(soon.Types.ContainsKey("rekindle_integrations"));
        Assert.False(later.Types.ContainsKey("rekindle_integrations"));
        Assert.Equal((0, 61), (later["rekindle_journal_entries"], later["rekindle_observation_age_seconds"]));
    }

    [Fact]
    public async Task A_key_with_the_scope_reads_its_own_environment_and_nobody_reads_without()
    {
        await using var host = await ApiHost.StartAsync();
        var sandbox = await host.ClientAsync(["admin"], environment: "sandbox");
        Assert.Equal(HttpStatusCode.Created, await ApiHost.TryAddIntegrationAsync("hidden", sandbox));
        var metrics = await host.ClientAsync(["metrics:read"]);

        using var stranger = await host.Client(null).GetAsync("/metrics");
        using var answer = await metrics.GetAsync("/metrics");
        var page = Exposition.Parse(await answer.Content.ReadAsStringAsync());

        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(["acme"], page.Samples.Where(s => s.Name == "rekindle_integrations").Select(s => s.Labels["rekindle_integration"]));
    }

    [Fact]
    public async Task Where_the_operator_says_so_anybody_reads_all_of_it()
    {
        await using var host = await ApiHost.StartAsync(settings: new() { ["Metrics:Anonymous"] = "true" });
        await ApiHost.TryAddIntegrationAsync("hidden", await host.ClientAsync(["admin"], environment: "sandbox"));

        var page = Exposition.Parse(await host.Client(null).GetStringAsync("/metrics"));

        Assert.Equal(["acme", "hidden"], page.Samples.Where(s => s.Name == "rekindle_integrations").Select(s => s.Labels["rekindle_integration"]).Order());
    }

    [Fact]
    public async Task Every_instrument_is_explained_and_every_explained_one_exists()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var meter = engine.Get<RekindleMetrics>().Meter;
        var instruments = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter == meter)
                {
                    instruments.Add(instrument.Name, $"| `{instrument.Name}` | `{PrometheusPage.NameOf(instrument)}` | {instrument.Unit} |");
                }
            },
        };
        listener.Start();

        var rows = File.ReadLines(Repository.PathTo("docs", "operations.md")).Where(l => l.StartsWith("| `rekindle.", StringComparison.Ordinal))
            .Select(l => string.Join('|', l.Split('|')[..4]) + "|").Order(StringComparer.Ordinal);

        Assert.Equal(instruments.Values.Order(StringComparer.Ordinal), rows);
    }

    // Which of the two it is depends on whether the change feed was read this instant.
    private static double Handed(Exposition page) =>
        page.Of("rekindle_token_reads_total", ("rekindle_result", "at_once")) + page.Of("rekindle_token_reads_total", ("rekindle_result", "served"));
}
