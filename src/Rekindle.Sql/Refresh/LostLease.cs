using System.Globalization;
using Rekindle.Attempts;
using Rekindle.Refresh;

namespace Rekindle.Sql.Refresh;

/// <summary>The attempt that stands in the log for a holder that never told how its own ended (I3).</summary>
internal static class LostLease
{
    /// <summary>Under the lost holder's attempt id, recorded by the worker that takes the connection over.</summary>
    public static Attempt ToAttempt(ScheduledConnection before, string worker, string workerVersion)
    {
        var snapshot = before.Snapshot;
        var connection = snapshot.Connection;
        var takenAt = before.LeasedAt ?? snapshot.LeaseUntil!.Value;
        return new()
        {
            Id = before.AttemptId!.Value,
            CreatedAt = takenAt,
            ConnectionId = connection.Id,
            IntegrationId = connection.IntegrationId,
            Key = connection.Key,
            // The schedule does not say who asked; a lease on a row that was not due was taken for a caller.
            Source = snapshot.DueAt is { } due && due <= takenAt ? RefreshSource.Scheduled : RefreshSource.OnDemand,
            Action = AttemptAction.TokenRefreshError,
            Class = RefreshClass.OutcomeUnknown,
            IsTransient = true,
            Decision = "outcome unknown: the lease ran out without result",
            NextStep = "the refresh token is tried again",
            WhoActs = WhoActs.Nobody,
            Worker = worker,
            WorkerVersion = workerVersion,
            GrantNo = snapshot.Tokens?.GrantNo ?? 0,
            Version = snapshot.Tokens?.Version ?? 0,
            Error = string.Create(
                CultureInfo.InvariantCulture,
                $"{before.Holder} took the lease at {takenAt:O} and neither committed nor released it by {snapshot.LeaseUntil:O}."),
        };
    }
}
