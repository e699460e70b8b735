using System.Diagnostics;
using System.Diagnostics.Metrics;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Telemetry;

/// <summary>
/// What this process counts: meter and activity source <c>Rekindle</c>. Names and tags are public API (docs/operations.md). No
/// tag carries a connection, a tenant or a subject: series are as many as providers and integrations, not as many as users.
/// </summary>
internal sealed class RekindleMetrics : IDisposable
{
    private const string Provider = "rekindle.provider";
    private const string Outcome = "rekindle.outcome";
    private const string Result = "rekindle.result";
    private const string Source = "rekindle.source";

    // From a provider that answers at once to the deadline of a call.
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] };

    private readonly ActivitySource _activities = new(RekindleTelemetry.Name);
    private readonly Counter<long> _attempts;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _claims;
    private readonly Counter<long> _commits;
    private readonly Counter<long> _cycles;

    public RekindleMetrics()
    {
        _attempts = Meter.CreateCounter<long>("rekindle.refresh.attempts", "{attempt}", "Refreshes that ended, by provider and outcome.");
        _duration = Meter.CreateHistogram("rekindle.refresh.duration", "s", "From the claim to the stored result.", advice: Seconds);
        _claims = Meter.CreateCounter<long>("rekindle.refresh.claims", "{claim}", "Leases that this process began to work on, by who asked.");
        _commits = Meter.CreateCounter<long>("rekindle.refresh.commits", "{commit}", "Results handed to the store, by what became of them.");
        _cycles = Meter.CreateCounter<long>("rekindle.worker.cycles", "{cycle}", "Cycles that the worker completed.");
        Meter.CreateObservableCounter("rekindle.token.reads", ReadTokenReads, "{read}", "Tokens asked for, by how they were answered.");
    }

    /// <summary>This container's own: another one in the same process has another.</summary>
    public Meter Meter { get; } = new(RekindleTelemetry.Name);

    public TokenReads Reads { get; } = new();

    /// <summary>A span around one refresh; null: nobody listens.</summary>
    public Activity? StartRefresh(string provider, RefreshSource source) =>
        _activities.StartActivity("rekindle.refresh")?.SetTag(Provider, provider).SetTag(Source, Names.Of(source));

    public void RefreshStarted(RefreshSource source) => _claims.Add(1, new KeyValuePair<string, object?>(Source, Names.Of(source)));

    public void RefreshEnded(string provider, RefreshOutcome outcome, TimeSpan duration, Activity? span)
    {
        var word = WordOf(outcome);
        var tags = new TagList { { Provider, provider }, { Outcome, word } };
        _attempts.Add(1, tags);
        _duration.Record(duration.TotalSeconds, tags);
        span?.SetTag(Outcome, word);
        if (outcome is RefreshOutcome.Failed)
        {
            span?.SetStatus(ActivityStatusCode.Error, word);
        }
    }

    public void Committed(CommitResult result) => _commits.Add(1, new KeyValuePair<string, object?>(Result, Names.Of(result)));

    public void CycleCompleted() => _cycles.Add(1);

    public void Dispose()
    {
        Meter.Dispose();
        _activities.Dispose();
    }

    private static string WordOf(RefreshOutcome outcome) => outcome switch
    {
        RefreshOutcome.Refreshed => "success",
        RefreshOutcome.Failed failed => Names.Of(failed.Result.Class),
        RefreshOutcome.Superseded => "superseded",
        _ => "not_sent",
    };

    private IEnumerable<Measurement<long>> ReadTokenReads() =>
    [
        new(Reads.AtOnce, new KeyValuePair<string, object?>(Result, "at_once")),
        new(Reads.Served, new KeyValuePair<string, object?>(Result, "served")),
        new(Reads.Stale, new KeyValuePair<string, object?>(Result, "stale")),
        new(Reads.Refused, new KeyValuePair<string, object?>(Result, "refused")),
    ];
}

/// <summary>Where the figures and spans of the engine are found.</summary>
public static class RekindleTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Rekindle";
}
