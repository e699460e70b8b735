using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// What would become of a connection if its refreshes failed so (A12): the verdicts of real failures, formed one after the other
/// over a connection that had none, as far apart as strikes have to be. The last one happens now.
/// </summary>
internal static class FailureRehearsal
{
    public static SimulatedState Play(SimulatedFailure failure, ConnectionSnapshot truth, Integration integration, ProviderDefinition provider, RefreshClock clock)
    {
        var now = clock.Now;
        var connection = truth.Connection with
        {
            ConsecutiveFailures = 0,
            ConsecutiveTransientFailures = 0,
            Strikes = 0,
            FirstStrikeAt = null,
            LastStrikeAt = null,
            NextRetryAt = null,
            LastRefreshError = null,
        };
        DateTimeOffset? due = null;

        // What is rehearsed is the end, not the minute of confirmation before it.
        var atOnce = integration with { Policy = integration.Policy with { ConfirmationDelay = TimeSpan.Zero } };
        var opens = new Dictionary<NotificationKind, NotificationDraft>();
        for (var left = failure.Count - 1; left >= 0 && connection.Status != ConnectionStatus.NeedsReauthorization; left--)
        {
            var at = now - (left * integration.Policy.StrikeSpacing);
            var verdict = RefreshVerdicts.Decide(new RefreshFacts
            {
                Claim = ClaimOf(connection, truth),
                Integration = atOnce,
                Provider = provider,
                Result = new Classified { Class = failure.Kind, Message = "simulated by an operator" },
                Options = clock.Options,
                SentAt = at,
                Now = at,
                Random = clock.Random,
            });
            connection = verdict.ApplyTo(connection, at);
            due = verdict.DueAt;
            foreach (var draft in verdict.Opens)
            {
                opens[draft.Kind] = draft with { Title = Simulation.Mark + draft.Title, Text = Simulation.Mark + draft.Text };
            }
        }

        if (failure.RetryIn is { } wait && connection.NextRetryAt is not null)
        {
            due = now + wait;
            connection = connection with { NextRetryAt = due };
        }

        return new SimulatedState(connection with { LastRefreshError = Simulation.Mark + connection.LastRefreshError }, due, [.. opens.Values]);
    }

    private static Claim ClaimOf(Connection connection, ConnectionSnapshot truth) => new()
    {
        Connection = connection,
        Tokens = truth.Tokens!,
        AttemptId = Guid.Empty,
        Holder = "",
        Fence = 0,
        Epoch = 0,
        DueAt = truth.DueAt,
    };
}
