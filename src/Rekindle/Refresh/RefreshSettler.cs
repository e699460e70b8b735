using Microsoft.Extensions.Logging;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// Step 7: turns what was learned into one commit, and hands it to the queue that does not give up. Integration-wide
/// consequences of a failure go first: a commit that blames the integration must find it halted. Tokens go before everything.
/// </summary>
internal sealed class RefreshSettler(
    IntegrationGuard guard, Sealer sealer, AttemptWriter attempts, CommitQueue commits, RefreshClock clock, ILogger<RefreshSettler> logger)
{
    /// <summary>An answer came, or a failure on the way.</summary>
    public Task<RefreshOutcome> SettleAsync(RefreshRun run, TokenRequest request, ExchangeResult exchange, Classified result) =>
        CommitAsync(run, result, attempts.Of(run, result, request, exchange), exchange.RequestedAt);

    /// <summary>We refused before HTTP: recorded with a synthetic request (D1).</summary>
    public async Task<RefreshOutcome> RefuseAsync(RefreshRun run, RefreshClass @class, string problem, TokenRequest? synthetic)
    {
        var result = new Classified { Class = @class, Message = problem, WhoActs = @class.WhoActs(), Reason = @class.Reason() };

        // The provider has said nothing, of itself or of the grant: only what we lack says something about the integration.
        var blames = @class is RefreshClass.ClientCredentialsMissing or RefreshClass.RequestRejected && await NoteAsync(run, result).ConfigureAwait(false);
        return await FailAsync(run, result, attempts.Of(run, result, synthetic, null), clock.Now, blames).ConfigureAwait(false);
    }

    /// <summary>Three leases in a row ended without outcome: nothing is sent until an operator forces it (I3).</summary>
    public async Task<RefreshOutcome> QuarantineAsync(RefreshRun run)
    {
        var result = new Classified
        {
            Class = RefreshClass.OutcomeUnknown,
            Message = $"{run.Claim.OpenIntents} leases in a row ended without outcome.",
            WhoActs = WhoActs.Operator,
        };
        var facts = Facts(run, result, clock.Now, blamesIntegration: false);
        var verdict = facts.Unchanged() with
        {
            Status = facts.TokenHasEnded ? ConnectionStatus.Degraded : null,
            DegradedAt = facts.TokenHasEnded ? run.Claim.Connection.DegradedAt ?? clock.Now : null,
            LastRefreshError = facts.ErrorText,
            InDoubtSince = run.Claim.InDoubtSince ?? clock.Now,
            Opens = [Messages.Quarantined(run.Claim.Connection.Id.ToString())],
            Decision = "quarantined",
            NextStep = "waits for an operator's forced retry",
        };
        return await WriteAsync(run, result, verdict, attempts.Of(run, result, null, null), null).ConfigureAwait(false);
    }

    /// <summary>Nothing was sent: the lease goes back and the connection keeps its place.</summary>
    public async Task<RefreshOutcome> ReleaseAsync(Claim claim, string why)
    {
        await commits.ReleaseAsync(new LeaseRelease(claim.Connection.Id, claim.AttemptId)).ConfigureAwait(false);
        logger.LeaseReleased(claim.Connection.Id.ToString(), claim.Connection.Key.Integration, why);
        return new RefreshOutcome.NotSent(why);
    }

    private async Task<RefreshOutcome> CommitAsync(RefreshRun run, Classified result, Attempt attempt, DateTimeOffset sentAt)
    {
        if (result.Class == RefreshClass.Success)
        {
            // What came exists once: it is kept before anything else is thought of.
            var kept = await WriteAsync(
                run, result, RefreshVerdicts.Decide(Facts(run, result, sentAt, blamesIntegration: false)), attempt, Seal(run, result.Tokens!, sentAt))
                .ConfigureAwait(false);
            await NoteAsync(run, result).ConfigureAwait(false);
            return kept;
        }

        return await FailAsync(run, result, attempt, sentAt, await NoteAsync(run, result).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task<RefreshOutcome> FailAsync(RefreshRun run, Classified result, Attempt attempt, DateTimeOffset sentAt, bool blamesIntegration)
    {
        var verdict = RefreshVerdicts.Decide(Facts(run, result, sentAt, blamesIntegration));
        if (verdict.ThrottleIntegrationUntil is { } until)
        {
            await TellGuardAsync(run, () => guard.ThrottleAsync(run.Entry.Integration, until)).ConfigureAwait(false);
        }

        return await WriteAsync(run, result, verdict, attempt, null).ConfigureAwait(false);
    }

    private async Task<bool> NoteAsync(RefreshRun run, Classified result)
    {
        var blames = false;
        await TellGuardAsync(run, async () => blames = await guard.NoteAsync(run, result).ConfigureAwait(false)).ConfigureAwait(false);
        return blames;
    }

    // The integration's state can wait for another answer; this connection's outcome cannot.
    private async Task TellGuardAsync(RefreshRun run, Func<Task> tell)
    {
        try
        {
            await tell().ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            logger.GuardFailed(run.Entry.Integration.Environment, run.Entry.Integration.Key, e.Message);
        }
    }

    private async Task<RefreshOutcome> WriteAsync(RefreshRun run, Classified result, RefreshVerdict verdict, Attempt attempt, NewTokens? tokens)
    {
        var recorded = attempt with
        {
            Decision = verdict.Decision,
            NextStep = verdict.NextStep,
            NextRetryAt = verdict.NextRetryAt ?? verdict.DueAt,
            WhoActs = verdict.WhoActs,
            Rotated = tokens?.RefreshToken is not null,
        };
        var written = await commits.CommitAsync(ToCommit(run, result, verdict, recorded, tokens), urgent: run.Source != RefreshSource.Scheduled, run.CacheStamp)
            .ConfigureAwait(false);
        logger.Ended(recorded, verdict, run.Entry.Integration.Key, written);
        return written is not (CommitResult.Applied or CommitResult.Journalled) ? new RefreshOutcome.Superseded(recorded, written)
            : written == CommitResult.Journalled ? new RefreshOutcome.Refreshed(recorded) { IsJournalled = true }
            : tokens is not null ? new RefreshOutcome.Refreshed(recorded)
            : new RefreshOutcome.Failed(recorded, result);
    }

    // Real failures are counted on top of real ones only.
    private RefreshFacts Facts(RefreshRun run, Classified result, DateTimeOffset sentAt, bool blamesIntegration) => new()
    {
        Claim = run.Claim with { Connection = run.Claim.Connection.WithoutSimulation(run.Claim.Tokens) },
        Integration = run.Entry.Integration,
        Provider = run.Provider,
        Result = result,
        Options = clock.Options,
        SentAt = sentAt,
        Now = clock.Now,
        Random = clock.Random,
        BlamesIntegration = blamesIntegration,
    };

    private NewTokens Seal(RefreshRun run, TokenAnswer answer, DateTimeOffset sentAt)
    {
        var connection = run.Claim.Connection;
        var grantNo = run.Claim.Tokens.GrantNo;
        return new NewTokens
        {
            AccessToken = sealer.Seal(answer.AccessToken, connection.SealContext(SecretKind.AccessToken, grantNo), run.Cipher),
            RefreshToken = IsRotated(run, answer)
                ? sealer.Seal(answer.RefreshToken!, connection.SealContext(SecretKind.RefreshToken, grantNo), run.Cipher)
                : null,
            IssuedAt = sentAt,
            ExpiresAt = answer.ExpiresAt,
            ExpirySource = answer.ExpirySource,
            RefreshTokenExpiresAt = answer.RefreshTokenExpiresAt,
            Scopes = answer.Scopes,
            TokenType = answer.TokenType,
        };
    }

    // The same refresh token handed back is not a rotation: the one before must stay the one before (I8).
    private static bool IsRotated(RefreshRun run, TokenAnswer answer) =>
        answer.RefreshToken is { } fresh && !fresh.Equals(run.Grant!.Material.RefreshToken);

    private static RefreshCommit ToCommit(RefreshRun run, Classified result, RefreshVerdict verdict, Attempt attempt, NewTokens? tokens) => new()
    {
        Claim = run.Claim,
        Attempt = attempt,
        Tokens = tokens,
        Fallback = verdict.Fallback,
        Status = verdict.Status,
        ConsecutiveFailures = verdict.ConsecutiveFailures,
        ConsecutiveTransientFailures = verdict.ConsecutiveTransientFailures,
        Strikes = verdict.Strikes,
        FirstStrikeAt = verdict.FirstStrikeAt,
        LastStrikeAt = verdict.LastStrikeAt,
        NextRetryAt = verdict.NextRetryAt,
        LastRefreshError = verdict.LastRefreshError,
        LastFailureAt = tokens is null ? attempt.CreatedAt + attempt.Duration : null,
        DisconnectReason = verdict.DisconnectReason,
        DegradedAt = verdict.DegradedAt,
        Variables = result.Tokens?.Metadata ?? Connection.Empty,
        DueAt = verdict.DueAt,
        InDoubtSince = verdict.InDoubtSince,
        Holds = verdict.Holds,
        Dependents = verdict.Dependents,
        Opens = verdict.Opens,
        ClosesNotifications = verdict.ClosesNotifications,
    };
}
