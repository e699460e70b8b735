using Rekindle.Notifications;
using Rekindle.Telemetry;

namespace Rekindle.Alerts;

/// <summary>When something needs an operator.</summary>
internal sealed record AlertRule
{
    /// <summary>Its name, as in the API, in docs/alerts/ and of its page in docs/runbooks/.</summary>
    public required string Id { get; init; }

    public required AlertSeverity Severity { get; init; }

    /// <summary>One line; <c>{0}</c> is the integration.</summary>
    public required string Title { get; init; }

    /// <summary>What to do first.</summary>
    public required string Remedy { get; init; }

    /// <summary>It fires when the value has been higher than this (0 unless a rule says otherwise)…</summary>
    public Func<Observation, double> Threshold { get; init; } = static _ => 0;

    /// <summary>… for so long.</summary>
    public TimeSpan For { get; init; }

    /// <summary>The values; one without integration where it is about the deployment.</summary>
    public required Func<Observation, IEnumerable<AlertReading>> Read { get; init; }

    /// <summary>The notification it opens; null: whatever caused it has told the operator already.</summary>
    public NotificationKind? Notice { get; init; }

    public string Runbook => $"docs/runbooks/{Id}.md";
}

/// <summary>A value that a rule looks at.</summary>
internal readonly record struct AlertReading(IntegrationObservation? Subject, double Value);

/// <summary>How bad it is.</summary>
public enum AlertSeverity
{
    /// <summary>Somebody should look today.</summary>
    Warning,

    /// <summary>Users are, or will soon be, without tokens.</summary>
    Critical,
}
