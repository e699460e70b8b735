using System.Diagnostics.Metrics;
using Rekindle.Journal;
using Rekindle.Refresh;

namespace Rekindle.Telemetry;

/// <summary>
/// What is looked at rather than counted. Figures of the database are those of the <see cref="Observer"/>'s last look; while there is
/// none that is worth anything they are absent, which is not the same as zero.
/// </summary>
internal sealed class Gauges
{
    private const string Environment = "rekindle.environment";
    private const string Integration = "rekindle.integration";
    private const string State = "rekindle.state";
    private const string Kind = "rekindle.kind";

    private readonly Observer _observer;

    public Gauges(RekindleMetrics metrics, Observer observer, ResultJournal journal, CommitQueue commits, ClockSkew skew, TimeProvider time)
    {
        _observer = observer;
        var meter = metrics.Meter;

        // This process.
        meter.CreateObservableGauge("rekindle.journal.entries", () => journal.Pending, "{entry}", "Results in this process's journal that the database does not have.");
        meter.CreateObservableGauge(
            "rekindle.journal.oldest.age", () => journal.OldestPendingAt is { } at ? (time.GetUtcNow() - at).TotalSeconds : 0, "s",
            "How long the oldest of them has been there.");
        meter.CreateObservableGauge("rekindle.commits.waiting", () => commits.Waiting, "{commit}", "Results on their way into the store.");
        meter.CreateObservableGauge(
            "rekindle.clock.skew", () => Only(skew.Latest?.TotalSeconds), "s", "This machine's clock minus the database's; absent where leases run on this machine's clock.");
        meter.CreateObservableGauge(
            "rekindle.observation.age", () => Only(observer.Age?.TotalSeconds), "s", "How old the figures of the database are. They are absent when older than a minute.");

        // The deployment.
        meter.CreateObservableGauge("rekindle.workers", () => Of(o => o.Workers.Count), "{worker}", "Workers that are alive.");
        meter.CreateObservableGauge(
            "rekindle.integrations", () => PerIntegration(static (i, o) => (1, new(State, i.StateAt(o.At)))), "{integration}", "One per integration, with its state.");
        meter.CreateObservableGauge(
            "rekindle.refresh.overdue", () => PerIntegration(static i => i.NotAttempted), "{connection}",
            "Connections that have been due for more than a minute and that nobody has claimed, counted to 1,000.");
        meter.CreateObservableGauge(
            "rekindle.refresh.overdue.age", () => PerIntegration(static i => i.Overdue.TotalSeconds), "s", "How long the first claimable connection has been due.");
        meter.CreateObservableGauge(
            "rekindle.budget.utilisation", () => PerIntegration(static i => i.BudgetUtilisation), "1", "Requests of the window that ends now, by the integration's budget.");
        meter.CreateObservableGauge("rekindle.outcomes.pending", ReadPending, "{outcome}", "Outcomes that are not known, or not stored yet.");
        meter.CreateObservableGauge(
            "rekindle.connections.expired.active", () => Of(o => o.ExpiredWhileActive), "{connection}",
            "Connections shown active though their token ended more than 10 s ago, counted to 1,000.");
        meter.CreateObservableGauge(
            "rekindle.connections.undecryptable", () => Of(o => o.Undecryptable), "{connection}", "Connections whose stored token could not be opened, counted to 1,000.");
        meter.CreateObservableGauge(
            "rekindle.workers.frozen", () => Of(o => o.Frozen), "{worker}", "Processes that refresh nothing, since the database may not be theirs.");
    }

    private static IEnumerable<Measurement<double>> Only(double? value) => value is { } known ? [new(known)] : [];

    private IEnumerable<Measurement<long>> Of(Func<Observation, long> read) => _observer.Latest is { } latest ? [new(read(latest))] : [];

    private IEnumerable<Measurement<long>> ReadPending() => _observer.Latest is not { } latest ? [] :
    [
        new(latest.Integrations.Sum(i => i.OpenIntents), new KeyValuePair<string, object?>(Kind, "open_intent")),
        new(latest.LateResults, new KeyValuePair<string, object?>(Kind, "late_result")),
    ];

    private IEnumerable<Measurement<double>> PerIntegration(Func<IntegrationObservation, double> read) =>
        _observer.Latest is not { } latest ? [] : latest.Integrations.Select(i => new Measurement<double>(read(i), TagsOf(i)));

    private IEnumerable<Measurement<long>> PerIntegration(Func<IntegrationObservation, Observation, (long Value, KeyValuePair<string, object?> Tag)> read) =>
        _observer.Latest is not { } latest ? [] : latest.Integrations.Select(i => (i, read(i, latest))).Select(
            p => new Measurement<long>(p.Item2.Value, [.. TagsOf(p.i), p.Item2.Tag]));

    private static KeyValuePair<string, object?>[] TagsOf(IntegrationObservation i) =>
        [new(Environment, i.Integration.Environment), new(Integration, i.Integration.Key)];
}
