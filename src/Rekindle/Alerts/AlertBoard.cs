using System.Globalization;
using Rekindle.Telemetry;

namespace Rekindle.Alerts;

/// <summary>Which rules' conditions hold, and since when, as this process has seen. A process that has just started begins to count anew.</summary>
public sealed class AlertBoard
{
    private readonly Observer _observer;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Rule, int Integration), DateTimeOffset> _since = [];

    internal AlertBoard(Observer observer) => _observer = observer;

    /// <summary>Every rule about every integration, and about the deployment, as of now (at most 15 s ago).</summary>
    /// <exception cref="Storage.StoreException">The database is away.</exception>
    public async Task<IReadOnlyList<Alert>> EvaluateAsync(CancellationToken cancellationToken = default) =>
        Evaluate(await _observer.ObserveAsync(cancellationToken).ConfigureAwait(false));

    internal IReadOnlyList<Alert> Evaluate(Observation observation)
    {
        lock (_gate)
        {
            var alerts = new List<Alert>();
            foreach (var rule in AlertRules.All)
            {
                alerts.AddRange(rule.Read(observation).Select(reading => Judge(rule, reading, observation)));
            }

            // Of an integration that is gone.
            var seen = alerts.Select(a => (a.Rule.Id, a.IntegrationId)).ToHashSet();
            foreach (var gone in _since.Keys.Where(k => !seen.Contains(k)).ToArray())
            {
                _since.Remove(gone);
            }

            return alerts;
        }
    }

    private Alert Judge(AlertRule rule, AlertReading reading, Observation observation)
    {
        var threshold = rule.Threshold(observation);
        var key = (rule.Id, reading.Subject?.Integration.Id ?? Alert.WholeDeployment);
        if (!(reading.Value > threshold))
        {
            _since.Remove(key);
            return new Alert(rule, reading, threshold, AlertState.Ok, null);
        }

        if (!_since.TryGetValue(key, out var since))
        {
            _since[key] = since = observation.At;
        }

        return new Alert(rule, reading, threshold, observation.At - since >= rule.For ? AlertState.Firing : AlertState.Pending, since);
    }
}

/// <summary>One rule about one integration, or about the deployment.</summary>
public sealed class Alert
{
    /// <summary>Stands for the id of an integration where there is none.</summary>
    internal const int WholeDeployment = 0;

    internal Alert(AlertRule rule, AlertReading reading, double threshold, AlertState state, DateTimeOffset? since)
    {
        Rule = rule;
        IntegrationId = reading.Subject?.Integration.Id ?? WholeDeployment;
        Environment = reading.Subject?.Integration.Environment;
        Integration = reading.Subject?.Integration.Key;
        (Value, Threshold, State, Since) = (reading.Value, threshold, state, since);
    }

    /// <summary>Name of the rule: <c>not_attempted</c>.</summary>
    public string Id => Rule.Id;

    /// <summary>How bad it is.</summary>
    public AlertSeverity Severity => Rule.Severity;

    /// <summary>Environment of the integration; null: about the deployment.</summary>
    public string? Environment { get; }

    /// <summary>Key of the integration; null: about the deployment.</summary>
    public string? Integration { get; }

    /// <summary>Whether it fires.</summary>
    public AlertState State { get; }

    /// <summary>Since when the value has been too high; null: it is not.</summary>
    public DateTimeOffset? Since { get; }

    /// <summary>The value that is looked at.</summary>
    public double Value { get; }

    /// <summary>What it may be.</summary>
    public double Threshold { get; }

    /// <summary>For how long it may be higher.</summary>
    public TimeSpan For => Rule.For;

    /// <summary>One line.</summary>
    public string Title => string.Format(CultureInfo.InvariantCulture, Rule.Title, Integration);

    /// <summary>What to do first.</summary>
    public string Remedy => Rule.Remedy;

    /// <summary>The page that says more.</summary>
    public string Runbook => Rule.Runbook;

    internal AlertRule Rule { get; }

    internal int IntegrationId { get; }
}

/// <summary>Whether an alert fires.</summary>
public enum AlertState
{
    /// <summary>All is well.</summary>
    Ok,

    /// <summary>The value is too high, not yet for long enough.</summary>
    Pending,

    /// <summary>Somebody has to look.</summary>
    Firing,
}
