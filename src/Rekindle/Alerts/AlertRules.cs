using Rekindle.Notifications;
using Rekindle.Telemetry;

namespace Rekindle.Alerts;

/// <summary>The rules. docs/alerts/rekindle.rules.yml says the same to Prometheus, docs/runbooks/ what to do about each.</summary>
internal static class AlertRules
{
    public static IReadOnlyList<AlertRule> All { get; } =
    [
        new()
        {
            Id = "not_attempted",
            Severity = AlertSeverity.Critical,
            Title = "Connections of {0} are due and nobody attempts them",
            Remedy = "Check that a worker is alive (GET /v1/workers) and whether the budget holds the demand (GET /v1/capacity).",
            For = TimeSpan.FromMinutes(5),
            Read = static o => OfOpen(o, static i => i.NotAttempted),
            Notice = NotificationKind.AlertNotAttempted,
        },
        new()
        {
            Id = "overdue",
            Severity = AlertSeverity.Warning,
            Title = "The first connection of {0} has been due for more than two minutes",
            Remedy = "Tokens are refreshed late. Check workers, slots and the budget (GET /v1/workers, /v1/capacity).",
            Threshold = static _ => 120,
            Read = static o => OfOpen(o, static i => i.Overdue.TotalSeconds),
            Notice = NotificationKind.AlertOverdue,
        },
        new()
        {
            Id = "expired_while_active",
            Severity = AlertSeverity.Critical,
            Title = "Connections are shown active though their tokens have ended",
            Remedy = "No worker sweeps the schedule. Check that one is alive and that its clock is right (GET /v1/workers).",
            Read = static o => [new(null, o.ExpiredWhileActive)],
            Notice = NotificationKind.AlertExpiredWhileActive,
        },
        new()
        {
            Id = "budget_utilisation",
            Severity = AlertSeverity.Warning,
            Title = "More than 80 % of the budget of {0} is used",
            Remedy = "Raise budget_requests as far as the provider allows (GET /v1/capacity, PATCH /v1/integrations/{key}).",
            Threshold = static _ => 0.8,
            For = TimeSpan.FromMinutes(5),
            Read = static o => OfOpen(o, static i => i.BudgetUtilisation),
            Notice = NotificationKind.AlertBudgetUtilisation,
        },
        new()
        {
            Id = "journal_not_empty",
            Severity = AlertSeverity.Critical,
            Title = "Results have been waiting in a journal for more than five minutes",
            Remedy = "The database does not take them. See why in the log; do not delete the journal: it has the only copy.",
            Threshold = static _ => 300,
            Read = static o => [new(null, o.JournalAge.TotalSeconds)],
            Notice = NotificationKind.AlertJournalNotEmpty,
        },
        new()
        {
            Id = "outcomes_pending",
            Severity = AlertSeverity.Warning,
            Title = "Outcomes have been pending for more than ten minutes",
            Remedy = "See whose they are and when they settle (GET /v1/leases). A halted or paused integration settles none.",
            For = TimeSpan.FromMinutes(10),
            Read = static o => [new(null, o.PendingOutcomes)],
            Notice = NotificationKind.AlertOutcomesPending,
        },
        new()
        {
            Id = "integration_misconfigured",
            Severity = AlertSeverity.Critical,
            Title = "Integration {0} is misconfigured and halted",
            Remedy = "Set right its client id, secret or redirect address at the provider or here (GET /v1/integrations/{key}).",
            Read = static o => InState(o, "misconfigured"),
        },
        new()
        {
            Id = "integration_suspect",
            Severity = AlertSeverity.Critical,
            Title = "Too many grants of {0} seem to have died at once: verdicts are held",
            Remedy = "Ask the provider before your users do. Release the verdicts when they are true (POST /v1/integrations/{key}/resume).",
            Read = static o => InState(o, "suspect"),
        },
        new()
        {
            Id = "integration_throttled",
            Severity = AlertSeverity.Warning,
            Title = "The provider of {0} has throttled it for more than five minutes",
            Remedy = "Lower budget_requests below what the provider allows, or ask it for more (GET /v1/capacity).",
            For = TimeSpan.FromMinutes(5),
            Read = static o => InState(o, "throttled"),
            Notice = NotificationKind.AlertIntegrationThrottled,
        },
        new()
        {
            Id = "undecryptable",
            Severity = AlertSeverity.Critical,
            Title = "Stored tokens cannot be opened",
            Remedy = "Start every process with the key ring the tokens were sealed with (GET /v1/workers shows the keys of each).",
            Read = static o => [new(null, o.Undecryptable)],
        },
        new()
        {
            Id = "frozen",
            Severity = AlertSeverity.Critical,
            Title = "The database may not be the one this deployment works on: nothing is refreshed",
            Remedy = "Read why (GET /v1/summary, frozen), see what is at stake with rekindle-server unfreeze --plan, then decide.",
            Read = static o => [new(null, o.Frozen)],
            Notice = NotificationKind.AlertFrozen,
        },
        new()
        {
            Id = "clock_skew",
            Severity = AlertSeverity.Critical,
            Title = "A machine's clock is off the database's beyond the bound: it claims nothing",
            Remedy = "Set its clock right (GET /v1/workers shows the skew of each).",
            Threshold = static o => o.SkewBound.TotalSeconds,
            Read = static o => [new(null, o.Skew.TotalSeconds)],
            Notice = NotificationKind.AlertClockSkew,
        },
    ];

    private static IEnumerable<AlertReading> OfOpen(Observation o, Func<IntegrationObservation, double> value) =>
        o.Integrations.Select(i => new AlertReading(i, i.IsOpen ? value(i) : 0));

    private static IEnumerable<AlertReading> InState(Observation o, string state) =>
        o.Integrations.Select(i => new AlertReading(i, i.StateAt(o.At) == state ? 1 : 0));
}
