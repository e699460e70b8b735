using System.Globalization;
using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// From class to consequence: DESIGN §2's table as a pure function. It never ends a grant on anything but a verdict that
/// ends grants, three spaced strikes past expiry, or a policy that asks for it (A7, A8, C2); and it knows one connection only:
/// whether a client error is the integration's fault is decided by <see cref="IntegrationEvidence"/> before.
/// </summary>
internal static class RefreshVerdicts
{
    private static readonly TimeSpan UnclearPatience = TimeSpan.FromHours(24);
    private const int UnclearRepeats = 5;
    private static readonly TimeSpan LongestLastChance = TimeSpan.FromSeconds(30);
    private const double LastChanceShare = 0.10;
    private const int PausesDoubled = 12;

    public static RefreshVerdict Decide(RefreshFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return facts.Result.Class switch
        {
            RefreshClass.Success => Success(facts),
            RefreshClass.RateLimited => RateLimited(facts),
            RefreshClass.ProviderUnavailable or RefreshClass.Network => Transient(facts),
            RefreshClass.GrantDead or RefreshClass.ConsentRequired or RefreshClass.InteractionRequired => Dead(facts),
            RefreshClass.AuthAmbiguous => Strike(facts),
            RefreshClass.ClientMisconfigured or RefreshClass.RequestRejected or RefreshClass.ClientCredentialsMissing =>
                facts.BlamesIntegration ? IntegrationAtFault(facts) : Strike(facts),
            RefreshClass.NotDueYet => NotDueYet(facts),
            RefreshClass.OutcomeUnknown => OutcomeUnknown(facts),
            RefreshClass.DecryptFailed => Undecryptable(facts),
            RefreshClass.NoRefreshToken => NoRefreshToken(facts),
            _ => Unclassified(facts),
        };
    }

    private static RefreshVerdict Success(RefreshFacts f) => new()
    {
        Status = ConnectionStatus.Active,
        DueAt = f.NextDueAt(),
        Dependents = DependentState.Active,
        ClosesNotifications = true,
        Opens = MissingScopes(f),
        Decision = "committed",
        NextStep = f.NextDueAt() is { } due ? $"next refresh due {Clock(due)}" : "no further refresh: the token does not end",
    };

    private static RefreshVerdict RateLimited(RefreshFacts f)
    {
        var asked = f.Result.RetryAfter is { } wish && wish > f.Options.ThrottleCeiling ? f.Options.ThrottleCeiling : f.Result.RetryAfter;
        if (f.Provider.Lifecycle.EffectiveThrottleScope is Reach.Token or Reach.Connection)
        {
            return Soft(f, asked, static verdict => verdict with { Decision = "connection paused: the provider is rate limiting" });
        }

        var pause = asked ?? Backoff.Base(1, f.Policy);
        return Soft(f, asked, verdict => AfterThePause(f, verdict, pause)) with { ThrottleIntegrationUntil = f.Now + pause };
    }

    // It is the integration that waits, as long as the provider asked, and nobody's user is told. Of the many that met the same limit this
    // connection is soon tried again, and falls behind, to the ladder at most, if it meets it each time: then the limit is its own.
    private static RefreshVerdict AfterThePause(RefreshFacts f, RefreshVerdict verdict, TimeSpan pause)
    {
        var again = Min(verdict.NextRetryAt!.Value, f.Now + (pause * Math.Pow(2, Math.Min(verdict.ConsecutiveTransientFailures - 1, PausesDoubled))));
        return verdict with
        {
            DueAt = again,
            NextRetryAt = again,
            Opens = [],
            Decision = "integration paused: the provider is rate limiting",
            NextStep = $"next try {Clock(again)}",
        };
    }

    private static RefreshVerdict Transient(RefreshFacts f)
    {
        if (f.BlamesIntegration)
        {
            // It goes to the end of those that wait, so that the next probe is another one's.
            return Waiting(f, f.Now) with
            {
                ConsecutiveTransientFailures = Math.Max(1, f.Claim.Connection.ConsecutiveTransientFailures),
                NextRetryAt = null,
                Decision = "the provider does not answer: the connection keeps its place",
                NextStep = "tried when the integration's probe succeeds",
            };
        }

        return Soft(f, f.Result.RetryAfter, static verdict => verdict with { Decision = $"transient failure {verdict.ConsecutiveTransientFailures}: back-off" });
    }

    private static RefreshVerdict OutcomeUnknown(RefreshFacts f)
    {
        var rule = f.Provider.Lifecycle.EffectiveReuse;
        return rule.Kind == ReuseKind.Reusable
            ? Soft(f, f.Result.RetryAfter, static verdict => verdict with { Decision = "outcome unknown; this token may be sent again" })
            // First doubt counts: it is when the token may have been used up, at the soonest. Giving up does not end it.
            : Soft(f, f.Result.RetryAfter, verdict => InDoubt(f, verdict, rule)) with { InDoubtSince = FirstDoubt(f) };
    }

    private static RefreshVerdict InDoubt(RefreshFacts f, RefreshVerdict verdict, ReuseRule rule)
    {
        var since = FirstDoubt(f);
        var retry = rule.Grace is { } grace && f.Now - since < grace / 2
            ? Min(verdict.NextRetryAt!.Value, since + (grace / 2))
            : Max(verdict.NextRetryAt!.Value, f.Now + f.Policy.InDoubtHold);
        return verdict with
        {
            NextRetryAt = retry,
            DueAt = retry,
            Decision = "outcome unknown: the provider may have rotated the refresh token",
            NextStep = $"sent once more {Clock(retry)}",
        };
    }

    private static DateTimeOffset FirstDoubt(RefreshFacts f) => f.Claim.InDoubtSince ?? f.SentAt;

    private static RefreshVerdict Dead(RefreshFacts f)
    {
        // A verdict on a token whose fate is in doubt says that our last presentation of it succeeded without us.
        var lost = f.Claim.InDoubtSince is not null && f.Result.Class == RefreshClass.GrantDead;
        var reason = lost ? DisconnectReason.RotationLost : f.Result.Reason ?? f.Result.Class switch
        {
            RefreshClass.ConsentRequired => DisconnectReason.Consent,
            RefreshClass.InteractionRequired => DisconnectReason.Policy,
            _ => DisconnectReason.GrantInvalid,
        };
        return PreviousToken.MayReplace(f, reason) ? FallBack(f) : Over(f, reason, $"grant over: {Names.Of(reason)}");
    }

    // The provider does not know the refresh token that it gave, and by its own rule the one before still counts.
    private static RefreshVerdict FallBack(RefreshFacts f) => Waiting(f, f.Now) with
    {
        NextRetryAt = null,
        Fallback = Fallback.InUse,
        WhoActs = WhoActs.Nobody,
        Decision = "refused at its first use: the refresh token before it is put back",
        NextStep = "that one is sent now, once, as the provider's reuse rule allows",
    };

    // The newest token is the one to be tried, should anybody order that; the one before has had its chance.
    private static Fallback? EndOfFallback(RefreshFacts f) => f.Claim.Tokens.Fallback == Fallback.InUse ? Fallback.Spent : null;

    private static RefreshVerdict Strike(RefreshFacts f)
    {
        var c = f.Claim.Connection;
        var counts = c.LastStrikeAt is not { } last || f.Now - last >= f.Policy.StrikeSpacing;
        var strikes = counts ? c.Strikes + 1 : c.Strikes;
        var first = c.FirstStrikeAt ?? f.Now;
        var longEnough = f.Now - first >= f.Policy.StrikeSpacing * 2;
        if (strikes >= f.Policy.DisconnectAfter && longEnough && f.TokenHasEnded)
        {
            return Over(f, DisconnectReason.Unclear, $"strike {strikes} of {f.Policy.DisconnectAfter}") with
            {
                Strikes = strikes,
                FirstStrikeAt = first,
                LastStrikeAt = f.Now,
            };
        }

        var failures = c.ConsecutiveFailures + 1;
        var wait = Max(Backoff.Delay(failures, f.Policy, f.Result.RetryAfter, f.Random), f.Policy.StrikeSpacing);
        return Waiting(f, f.Now + wait) with
        {
            ConsecutiveFailures = failures,
            Strikes = strikes,
            FirstStrikeAt = first,
            LastStrikeAt = counts ? f.Now : c.LastStrikeAt,
            Opens = strikes == f.Policy.WarnAfter && counts ? [Messages.Warning(f)] : [],
            Decision = counts ? $"strike {strikes} of {f.Policy.DisconnectAfter}" : $"no strike: less than {f.Policy.StrikeSpacing.TotalMinutes:0.#} min after the last",
        };
    }

    private static RefreshVerdict IntegrationAtFault(RefreshFacts f) =>
        Waiting(f, null) with
        {
            // Not this connection's failure: no counter moves, it keeps its place and waits for the integration.
            DueAt = f.Claim.DueAt ?? f.Now,
            WhoActs = WhoActs.Operator,
            Decision = "the integration's client is at fault, not this connection",
            NextStep = "waits until the integration is corrected",
        };

    private static RefreshVerdict NotDueYet(RefreshFacts f)
    {
        var remaining = (f.Claim.Tokens.ExpiresAt ?? f.Now) - f.Now;
        var retry = f.Provider.Lifecycle.EarliestRefresh is { } earliest && remaining > earliest.Value
            ? f.Now + (remaining - (earliest.Value * 0.9))
            : f.Now + Max(remaining / 4, RefreshSchedule.Floor(f.Claim.Tokens.Lifetime, f.Options.RefreshFloor));
        return f.Unchanged() with
        {
            Status = f.TokenHasEnded ? ConnectionStatus.Degraded : null,
            DueAt = retry,
            Decision = "the provider says it is too early",
            NextStep = $"asked again {Clock(retry)}",
        };
    }

    private static RefreshVerdict Undecryptable(RefreshFacts f)
    {
        var failures = f.Claim.Connection.ConsecutiveFailures + 1;
        return Waiting(f, f.Now + f.Policy.BackoffCeiling) with
        {
            ConsecutiveFailures = failures,
            WhoActs = WhoActs.Operator,
            Opens = [Messages.Undecryptable(f)],
            Decision = "nothing sent: the stored token cannot be opened",
        };
    }

    private static RefreshVerdict NoRefreshToken(RefreshFacts f) => f.TokenHasEnded
        ? NeedsUser(f, DisconnectReason.NoRefreshToken, "nothing sent: there is no refresh token and the access token has ended")
        : f.Unchanged() with
        {
            LastRefreshError = f.ErrorText,
            WhoActs = WhoActs.User,
            Decision = "nothing sent: there is no refresh token",
            NextStep = f.Claim.Tokens.ExpiresAt is { } end ? $"the access token serves until {Clock(end)}" : "the access token does not end",
        };

    private static RefreshVerdict Unclassified(RefreshFacts f)
    {
        var c = f.Claim.Connection;
        var same = c.LastRefreshError == f.ErrorText;
        var repeats = same ? c.Strikes + 1 : 1;
        var first = same ? c.FirstStrikeAt ?? f.Now : f.Now;
        var patienceFrom = Max(first, f.Claim.Tokens.ExpiresAt ?? f.Now);
        if (repeats >= UnclearRepeats && f.Now - patienceFrom >= UnclearPatience)
        {
            return Over(f, DisconnectReason.Unclear, $"{repeats} identical answers nobody can explain");
        }

        return Soft(f, f.Result.RetryAfter, verdict => verdict with
        {
            Strikes = repeats,
            FirstStrikeAt = first,
            WhoActs = WhoActs.Operator,
            Decision = "unclassified answer: never a reason to end a grant by itself",
        });
    }

    // A failure that passes: next rung of the ladder, one note, and the operator's give-up rule if there is one (A8), which is the last word.
    private static RefreshVerdict Soft(RefreshFacts f, TimeSpan? retryAfter, Func<RefreshVerdict, RefreshVerdict> unlessGivenUp)
    {
        var c = f.Claim.Connection;
        var failures = c.ConsecutiveTransientFailures + 1;
        if (f.Policy.GiveUpAfter > 0 && failures + c.ConsecutiveFailures >= f.Policy.GiveUpAfter)
        {
            return NeedsUser(f, DisconnectReason.GaveUp, $"gave up after {failures + c.ConsecutiveFailures} failures, as the policy asks") with
            {
                ConsecutiveTransientFailures = failures,
                ConsecutiveFailures = c.ConsecutiveFailures,
            };
        }

        return unlessGivenUp(Waiting(f, BeforeTheEnd(f, f.Now + Backoff.Delay(failures, f.Policy, retryAfter, f.Random), retryAfter)) with
        {
            ConsecutiveTransientFailures = failures,
            BackoffBase = Backoff.Base(failures, f.Policy),
            Opens = failures == f.Policy.TransientNoteAfter ? [Messages.TransientNote(f)] : [],
        });
    }

    // The ladder does not sleep past the token's end: one more try before it, though never sooner than the first rung allows
    // and never sooner than the provider asked (decision 0006).
    private static DateTimeOffset BeforeTheEnd(RefreshFacts f, DateTimeOffset retry, TimeSpan? retryAfter)
    {
        if (f.Claim.Tokens.ExpiresAt is not { } end || retry <= end)
        {
            return retry;
        }

        var last = end - LastChance(f.Claim.Tokens.Lifetime);
        var soonest = f.Now + Max(Backoff.Base(1, f.Policy), retryAfter ?? TimeSpan.Zero);
        return last >= soonest ? last : retry;
    }

    private static TimeSpan LastChance(TimeSpan? lifetime) =>
        lifetime * LastChanceShare is { } share && share < LongestLastChance ? share : LongestLastChance;

    private static RefreshVerdict Waiting(RefreshFacts f, DateTimeOffset? retry) => f.Unchanged() with
    {
        Status = f.TokenHasEnded ? ConnectionStatus.Degraded : null,
        DegradedAt = f.TokenHasEnded ? f.Claim.Connection.DegradedAt ?? f.Now : null,
        Dependents = f.TokenHasEnded ? DependentState.Degraded : null,
        LastRefreshError = f.ErrorText,
        NextRetryAt = retry,
        DueAt = retry,
        Decision = "waiting",
        NextStep = retry is { } at ? $"next try {Clock(at)}" : "waiting",
    };

    // Sending stops at once; that it is over is said after the confirmation delay, under the mass guard (I10).
    private static RefreshVerdict Over(RefreshFacts f, DisconnectReason reason, string decision)
    {
        if (f.Policy.ConfirmationDelay == TimeSpan.Zero)
        {
            return NeedsUser(f, reason, decision);
        }

        var publishAt = f.Now + f.Policy.ConfirmationDelay;
        return Waiting(f, retry: null) with
        {
            ConsecutiveFailures = f.Claim.Connection.ConsecutiveFailures + 1,
            Holds = new HeldVerdict(reason, publishAt, Messages.Disconnected(f, reason)),
            Fallback = EndOfFallback(f),
            WhoActs = WhoActs.User,
            Decision = decision,
            NextStep = $"nothing is sent any more; published {Clock(publishAt)}, unless too many die at once",
        };
    }

    private static RefreshVerdict NeedsUser(RefreshFacts f, DisconnectReason reason, string decision) => f.Unchanged() with
    {
        Status = ConnectionStatus.NeedsReauthorization,
        ConsecutiveFailures = f.Claim.Connection.ConsecutiveFailures + 1,
        LastRefreshError = f.ErrorText,
        DisconnectReason = reason,
        NextRetryAt = null,
        DueAt = null,
        Fallback = EndOfFallback(f),
        Dependents = DependentState.Paused,
        Opens = [Messages.Disconnected(f, reason)],
        WhoActs = WhoActs.User,
        Decision = decision,
        NextStep = "the user has to connect the account again",
    };

    private static IReadOnlyList<NotificationDraft> MissingScopes(RefreshFacts f)
    {
        if (f.Result.Tokens?.Scopes is not { Count: > 0 } granted)
        {
            return [];
        }

        var lost = f.Claim.Tokens.Scopes.Except(granted, StringComparer.Ordinal).ToArray();
        return lost.Length == 0 ? [] : [Messages.MissingScopes(f, lost)];
    }

    private static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static T Max<T>(T a, T b)
        where T : IComparable<T> => a.CompareTo(b) >= 0 ? a : b;

    private static T Min<T>(T a, T b)
        where T : IComparable<T> => a.CompareTo(b) <= 0 ? a : b;
}
