using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Storage;
using Rekindle.Telemetry;

namespace Rekindle.Refresh;

/// <summary>
/// One refresh, top to bottom. DESIGN §1's steps and where each lives:
/// <code>
///  1  select or ask      Heartbeat (due connections) · DemandRefreshes (a caller needs one)
///  2  claim = intent     IRefreshStore.ClaimDueAsync / ClaimOneAsync: committed before anything is sent
///  3  open               GrantOpener
///  4  build              TokenRequestBuilder, the only builder
///  5  send               TokenExchange; the remaining lease is asked last, just before the token's bytes leave
///  6  read and classify  RefreshClassifier: pure
///  7  journal, commit    RefreshSettler → CommitQueue → ResultJournal and, in parallel, IRefreshStore.CommitAsync: one
///                        transaction, over the exact parent
///  8  acknowledge        the outcome returned here: only ever after the commit, or journalled while the store is away
///  9  wake               CommitQueue → TokenCache wakes the waiters, after the commit and outside its transaction
/// </code>
/// From step 5 on no caller's cancellation is honoured: the provider may have rotated the refresh token, and its answer
/// exists once. The claim is given back, unspent, only where provably nothing was sent.
/// </summary>
internal sealed class RefreshEngine(IntegrationDirectory directory, GrantOpener opener, TokenExchange exchange, ResultJournal journal, RefreshSettler settler, FlightCount inFlight,
    UnwrittenResults unwritten, TokenCache cache, DatabaseOwnership ownership, ClockSkew skew, RekindleMetrics metrics, RefreshOptions options, TimeProvider time)
{
    private const int OpenIntentsBeforeQuarantine = 3;
    private const string OutOfTime =
        "The refresh token was refused at its first use, and the time has passed in which the provider takes the one before it.";

    private static readonly TimeSpan FirstRepeat = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs steps 3 to 9 under a lease. Never throws for what a provider does; returns when the result is stored.</summary>
    public async Task<RefreshOutcome> RefreshAsync(LeasedRefresh leased, RefreshSource source, bool capture = false)
    {
        ArgumentNullException.ThrowIfNull(leased);
        if (inFlight.TryEnter() is not { } wave)
        {
            return await settler.ReleaseAsync(leased.Claim, "this process is stopping").ConfigureAwait(false);
        }

        unwritten.Enter(leased.Claim.Connection.Id);
        try
        {
            return await MeasuredAsync(leased, source, capture).ConfigureAwait(false);
        }
        finally
        {
            unwritten.Leave(leased.Claim.Connection.Id);
            inFlight.Leave(wave);
        }
    }

    private async Task<RefreshOutcome> MeasuredAsync(LeasedRefresh leased, RefreshSource source, bool capture)
    {
        var started = time.GetTimestamp();
        var provider = directory.TryFind(leased.Claim.Connection.IntegrationId)?.Integration.Provider ?? "unknown";
        using var span = metrics.StartRefresh(provider, source);
        metrics.RefreshStarted(source);
        var outcome = await RunAsync(leased, source, capture).ConfigureAwait(false);
        metrics.RefreshEnded(provider, outcome, time.GetElapsedTime(started), span);
        return outcome;
    }

    private async Task<RefreshOutcome> RunAsync(LeasedRefresh leased, RefreshSource source, bool capture)
    {
        var stamp = cache.Stamp;
        FailPoint.Reach(Gap.Claimed);
        var claim = leased.Claim;
        if (await directory.FindAsync(claim.Connection.IntegrationId, CancellationToken.None).ConfigureAwait(false) is not { Provider: { } provider } entry)
        {
            return await settler.ReleaseAsync(claim, "the integration or its catalogue entry is gone").ConfigureAwait(false);
        }

        using var run = new RefreshRun(leased, entry, provider, source, capture) { CacheStamp = stamp };
        if (claim.OpenIntents >= OpenIntentsBeforeQuarantine)
        {
            return await settler.QuarantineAsync(run).ConfigureAwait(false);
        }

        var grant = opener.Open(claim.Connection, claim.Tokens, entry, run.Cipher);
        if (grant.Problem is { } problem)
        {
            ownership.NoteUndecryptable(claim.Connection.Id);
            run.Grant = grant;
            return await settler.RefuseAsync(run, RefreshClass.DecryptFailed, problem, Synthetic(run, grant)).ConfigureAwait(false);
        }

        ownership.NoteOpened();
        run.Grant = grant;
        FailPoint.Reach(Gap.Opened);
        return TokenRequestBuilder.Refresh(provider, entry.Credentials, grant.Material, time.GetUtcNow()) switch
        {
            TokenRequestOutcome.Ready ready when !MayPresent(run) =>
                await settler.RefuseAsync(run, RefreshClass.GrantDead, OutOfTime, ready.Request).ConfigureAwait(false),
            TokenRequestOutcome.Ready ready => await SendAsync(run, ready.Request).ConfigureAwait(false),
            TokenRequestOutcome.Refused refused =>
                await settler.RefuseAsync(run, refused.Class, refused.Problem, refused.Synthetic).ConfigureAwait(false),
            var other => throw new InvalidOperationException($"Unknown outcome {other.GetType().Name}."),
        };
    }

    private async Task<RefreshOutcome> SendAsync(RefreshRun run, TokenRequest request)
    {
        FailPoint.Reach(Gap.Built);

        // Should this process die now, the next one on this machine knows that the token may have left (I3).
        if (!await journal.SentAsync(run.Claim.AttemptId, run.Claim.Connection.Id).ConfigureAwait(false) && run.Provider.Lifecycle.UsesUpRefreshTokens)
        {
            return await settler.ReleaseAsync(run.Claim, "the journal cannot be written, so the answer could not be kept").ConfigureAwait(false);
        }

        FailPoint.Reach(Gap.Marked);
        var result = await exchange.SendAsync(request, options.HttpDeadline, () => MayStillSend(run), CancellationToken.None).ConfigureAwait(false);
        for (var repeats = 0; repeats < RepeatsOf(run) && IsWorthRepeating(result) && MayStillSend(run); repeats++)
        {
            await Task.Delay(repeats == 0 ? TimeSpan.Zero : FirstRepeat * Math.Pow(2, repeats), time).ConfigureAwait(false);
            result = await exchange.SendAsync(request, options.HttpDeadline, () => MayStillSend(run), CancellationToken.None).ConfigureAwait(false);
        }

        if (result.Failure?.Kind == TransportFailureKind.NotSent)
        {
            return await settler.ReleaseAsync(run.Claim, "too little of the lease was left to send anything, the permit was too old, the clock is off, or the database was frozen").ConfigureAwait(false);
        }

        FailPoint.Reach(Gap.Answered);
        var classified = RefreshClassifier.Classify(run.Provider, result, run.Grant!.Material);
        FailPoint.Reach(Gap.Classified);
        return await settler.SettleAsync(run, request, result, classified).ConfigureAwait(false);
    }

    // A connection that broke before the token left: once more costs the provider nothing (B5). Where somebody waits, three times.
    private static int RepeatsOf(RefreshRun run) => run.Source == RefreshSource.Scheduled ? 1 : 3;

    private static bool IsWorthRepeating(ExchangeResult result) =>
        result is { ProvablyNotSent: true, Failure.Kind: TransportFailureKind.Connect or TransportFailureKind.Reset };

    private bool MayStillSend(RefreshRun run) =>
        run.Leased.Remaining(time) >= options.HttpDeadline + options.CommitDeadline + options.SkewBound
        && !(run.Leased.Permit.UsableUntil < time.GetUtcNow())
        && !skew.IsOff
        && ownership.Freeze is null;

    // A refresh token that was put back may have waited for its turn longer than the provider takes it (I8).
    private bool MayPresent(RefreshRun run) => run.Claim.Tokens.Fallback != Fallback.InUse
        || PreviousToken.MayBeSent(run.Claim.Tokens, run.Provider, time.GetUtcNow(), options.Lease);

    private TokenRequest? Synthetic(RefreshRun run, OpenedGrant grant) =>
        TokenRequestBuilder.Refresh(run.Provider, run.Entry.Credentials, grant.Material, time.GetUtcNow()) is TokenRequestOutcome.Refused refused
            ? refused.Synthetic
            : null;
}

/// <summary>What one run of the protocol carries from step to step.</summary>
internal sealed class RefreshRun(LeasedRefresh leased, IntegrationEntry entry, ProviderDefinition provider, RefreshSource source, bool capture)
    : IDisposable
{
    public LeasedRefresh Leased { get; } = leased;

    public Claim Claim => Leased.Claim;

    public IntegrationEntry Entry { get; } = entry;

    public ProviderDefinition Provider { get; } = provider;

    public RefreshSource Source { get; } = source;

    /// <summary>A debug run: same request, more of it recorded (D3).</summary>
    public bool Capture { get; } = capture;

    /// <summary>The cache's stamp from when the claim was taken: what was invalidated since must not come back by this run (I11).</summary>
    public long CacheStamp { get; init; }

    public OpenedGrant? Grant { get; set; }

    /// <summary>Opens what is stored and seals what comes: set up once.</summary>
    public OwnerCipher Cipher { get; } = new(leased.Claim.Connection.SealOwner);

    public void Dispose() => Cipher.Dispose();
}
