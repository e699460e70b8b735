using Microsoft.Extensions.Logging;
using Rekindle.Attempts;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>Log messages of the refresh path: event ids 1000-1099. The four that begin with ProactiveRefresh are stable (A1).</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information,
        "ProactiveRefresh Cycle complete: claimed {Claimed}, refreshed {Refreshed}, failed {Failed}, skipped {Skipped}, rate_limit_budget {RateLimitBudget}")]
    public static partial void CycleComplete(this ILogger logger, int claimed, int refreshed, string failed, int skipped, string rateLimitBudget);

    [LoggerMessage(1001, LogLevel.Warning,
        "ProactiveRefresh ✗ connection {Connection} integration {Integration} class {Class} decision {Decision} next retry {NextRetryAt:O}")]
    public static partial void RefreshFailed(
        this ILogger logger, string connection, string integration, string @class, string decision, DateTimeOffset? nextRetryAt);

    [LoggerMessage(1002, LogLevel.Warning, "ProactiveRefresh Budget exhausted: integration {Integration}, {MaxRequests} requests per {WindowSeconds} s")]
    public static partial void BudgetExhausted(this ILogger logger, string integration, int maxRequests, double windowSeconds);

    [LoggerMessage(1003, LogLevel.Information,
        "ProactiveRefresh Backoff connection {Connection} failure {Failure} base {BaseSeconds} s jitter {JitterSeconds} s next_retry_at {NextRetryAt:O}")]
    public static partial void Backoff(
        this ILogger logger, string connection, int failure, double baseSeconds, double jitterSeconds, DateTimeOffset nextRetryAt);

    [LoggerMessage(1004, LogLevel.Information,
        "Refreshed connection {Connection} integration {Integration} source {Source} expires in {ExpiresInSeconds} s rotated {Rotated}")]
    public static partial void Refreshed(
        this ILogger logger, string connection, string integration, string source, double? expiresInSeconds, bool rotated);

    [LoggerMessage(1005, LogLevel.Warning, "Verdict discarded: connection {Connection} integration {Integration} result {Result}; the grant or the lease had moved on")]
    public static partial void VerdictDiscarded(this ILogger logger, string connection, string integration, string result);

    [LoggerMessage(1006, LogLevel.Debug, "Lease released unused: connection {Connection} integration {Integration}: {Why}")]
    public static partial void LeaseReleased(this ILogger logger, string connection, string integration, string why);

    [LoggerMessage(1007, LogLevel.Warning, "A lease could not be released and will end by itself: connection {Connection}: {Problem}")]
    public static partial void ReleaseFailed(this ILogger logger, string connection, string problem);

    [LoggerMessage(1008, LogLevel.Error, "{Count} results could not be written yet; trying again in {RetryMilliseconds} ms: {Problem}")]
    public static partial void CommitRetried(this ILogger logger, int count, double retryMilliseconds, string problem);

    [LoggerMessage(1009, LogLevel.Error, "A batch of {Count} results was refused and is tried in halves: {Problem}")]
    public static partial void CommitHalved(this ILogger logger, int count, string problem);

    [LoggerMessage(1010, LogLevel.Critical, "Stopping with {Count} results that the database never took")]
    public static partial void ResultsUnwritten(this ILogger logger, int count);

    [LoggerMessage(1011, LogLevel.Error, "Integration {Environment}/{Integration} is misconfigured and halted: {Evidence}")]
    public static partial void IntegrationMisconfigured(this ILogger logger, string environment, string integration, string evidence);

    [LoggerMessage(1012, LogLevel.Information, "Integration {Environment}/{Integration} is accepted again and resumes")]
    public static partial void IntegrationRecovered(this ILogger logger, string environment, string integration);

    [LoggerMessage(1013, LogLevel.Warning, "Integration {Environment}/{Integration} is throttled by its provider until {Until:O}")]
    public static partial void IntegrationThrottled(this ILogger logger, string environment, string integration, DateTimeOffset until);

    [LoggerMessage(1014, LogLevel.Error, "The heartbeat could not reach the store and tries again in {RetrySeconds} s: {Problem}")]
    public static partial void RoundFailed(this ILogger logger, double retrySeconds, string problem);

    [LoggerMessage(1015, LogLevel.Error, "A refresh ended in a defect of ours; its lease ends by itself: connection {Connection}")]
    public static partial void RefreshBroke(this ILogger logger, Exception exception, string connection);

    [LoggerMessage(1016, LogLevel.Debug, "Candidate {Connection} integration {Integration} selected: due {DueAt:O}")]
    public static partial void Selected(this ILogger logger, string connection, string integration, DateTimeOffset? dueAt);

    [LoggerMessage(1017, LogLevel.Debug, "Integration {Integration} skipped: {Why}")]
    public static partial void IntegrationSkipped(this ILogger logger, string integration, string why);

    [LoggerMessage(1018, LogLevel.Warning, "The provider may have seen a refresh whose worker never reported back; connection {Connection} is sent once more, open intents {OpenIntents}")]
    public static partial void OpenIntentTaken(this ILogger logger, string connection, int openIntents);

    [LoggerMessage(1019, LogLevel.Warning, "{Count} connections have no valid token for now")]
    public static partial void Degraded(this ILogger logger, int count);

    /// <summary>One event per attempt, at its end, with the outcome (A1).</summary>
    public static void Ended(this ILogger logger, Attempt attempt, RefreshVerdict verdict, string integration, CommitResult written)
    {
        var connection = attempt.ConnectionId.ToString();
        if (written is not (CommitResult.Applied or CommitResult.Journalled))
        {
            logger.VerdictDiscarded(connection, integration, Names.Of(written));
            return;
        }

        if (attempt.Class == RefreshClass.Success)
        {
            logger.Refreshed(connection, integration, Names.Of(attempt.Source), attempt.ExpiresIn?.TotalSeconds, attempt.Rotated);
            return;
        }

        logger.RefreshFailed(connection, integration, Names.Of(attempt.Class), verdict.Decision, attempt.NextRetryAt);
        if (verdict is { NextRetryAt: { } retry, ConsecutiveTransientFailures: > 0 and var failures })
        {
            var wait = (retry - attempt.CreatedAt - attempt.Duration).TotalSeconds;
            var rung = verdict.BackoffBase.TotalSeconds;
            logger.Backoff(connection, failures, rung, Math.Round(wait - rung, 1), retry);
        }
    }

    [LoggerMessage(1030, LogLevel.Information, "Verdicts of {Environment}/{Integration} published: {Connections} connections need their users")]
    public static partial void VerdictsPublished(this ILogger logger, string environment, string integration, int connections);

    [LoggerMessage(1031, LogLevel.Error,
        "Integration {Environment}/{Integration} is suspect: {Connections} connections refused as dead within ten minutes. Nobody is disconnected; three are tried every ten minutes")]
    public static partial void IntegrationSuspect(this ILogger logger, string environment, string integration, int connections);

    [LoggerMessage(1032, LogLevel.Information, "Integration {Environment}/{Integration} is no longer suspect: {Connections} held connections are tried once more")]
    public static partial void VerdictsReleased(this ILogger logger, string environment, string integration, int connections);

    [LoggerMessage(1033, LogLevel.Warning, "Provider of {Environment}/{Integration} does not answer: {Reason} Its connections keep their place; one is tried regularly")]
    public static partial void IntegrationUnavailable(this ILogger logger, string environment, string integration, string reason);

    [LoggerMessage(1034, LogLevel.Warning, "State of integration {Environment}/{Integration} could not be written: {Problem} The connection's own outcome is")]
    public static partial void GuardFailed(this ILogger logger, string environment, string integration, string problem);

    [LoggerMessage(1035, LogLevel.Error, "Part of the sweep failed and is tried again in a second: {Part}: {Problem}")]
    public static partial void SweepFailed(this ILogger logger, string part, string problem);

    [LoggerMessage(1036, LogLevel.Warning, "{Count} refreshes had not ended when the process had to: the journal keeps what comes back")]
    public static partial void NotDrained(this ILogger logger, int count);

    [LoggerMessage(1037, LogLevel.Error, "This machine's clock is {Skew:0.0} s off the database's, more than the {Bound:0.0} s allowed: nothing is claimed here until it is set right. Valid tokens are served")]
    public static partial void ClockSkewed(this ILogger logger, double skew, double bound);

    [LoggerMessage(1038, LogLevel.Information, "This machine's clock agrees with the database's again: claiming goes on")]
    public static partial void ClockAgrees(this ILogger logger);
}
