using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>The sentences and codes of <see cref="TokenError"/>, from what a connection and its integration look like.</summary>
internal static class TokenErrors
{
    private static readonly TimeSpan PollAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FrozenAgain = TimeSpan.FromSeconds(30);

    public static TokenError UnknownIntegration(string environment, string integration) => new()
    {
        Code = TokenErrorCode.UnknownIntegration,
        Message = $"There is no integration '{integration}' in environment '{environment}'. Create it, or check its key.",
        WhoActs = WhoActs.Operator,
    };

    public static TokenError NotConnected(in TokenQuery query) => new()
    {
        Code = TokenErrorCode.NotConnected,
        Message = $"Subject '{query.Subject}'{(string.IsNullOrEmpty(query.Tenant) ? "" : $" of tenant '{query.Tenant}'")} has no connection under integration "
            + $"'{query.Integration}'. Create a connect session and send the person there.",
        WhoActs = WhoActs.User,
        Purpose = query.Purpose,
    };

    public static TokenError UnknownConnection(ConnectionId id) => new()
    {
        Code = TokenErrorCode.NotConnected,
        Message = $"There is no connection {id}.",
        WhoActs = WhoActs.Operator,
        ConnectionId = id,
    };

    public static TokenError PurposeNotConnected(in TokenQuery query, IReadOnlyList<string> scopes, IEnumerable<string> connected) => new()
    {
        Code = TokenErrorCode.PurposeNotConnected,
        Message = $"Subject '{query.Subject}' is connected to '{query.Integration}' for {string.Join(", ", connected.Select(p => $"'{p}'"))}, but not for "
            + $"'{query.Purpose}'{(scopes.Count > 0 ? $", which needs: {string.Join(' ', scopes)}" : "")}. Create a connect session with that purpose.",
        WhoActs = WhoActs.User,
        Purpose = query.Purpose,
        Scopes = scopes,
    };

    public static TokenError Ambiguous(in TokenQuery query, IReadOnlyList<ConnectionId> candidates) => new()
    {
        Code = TokenErrorCode.AmbiguousConnection,
        Message = $"Subject '{query.Subject}' has {candidates.Count} accounts connected under '{query.Integration}'. Name one with 'account', or use a connection id.",
        WhoActs = WhoActs.Operator,
        Candidates = candidates,
    };

    public static TokenError InProgress(ConnectionId id, TimeSpan? retryAfter = null) => new()
    {
        Code = TokenErrorCode.RefreshInProgress,
        Message = "The token is being refreshed and was not ready in time. Ask again.",
        WhoActs = WhoActs.Nobody,
        Retryable = true,
        RetryAfter = retryAfter ?? PollAgain,
        ConnectionId = id,
    };

    public static TokenError BudgetExhausted(ConnectionId id, Integration integration) => new()
    {
        Code = TokenErrorCode.BudgetExhausted,
        Message = $"The budget of integration '{integration.Key}' ({integration.Policy.BudgetRequests} requests per "
            + $"{integration.Policy.BudgetWindow.TotalSeconds:0} s) is used up. Ask again, or raise the budget.",
        WhoActs = WhoActs.Operator,
        Retryable = true,
        RetryAfter = integration.Policy.BudgetWindow / 60,
        ConnectionId = id,
    };

    public static TokenError MinValid(ConnectionId id, DateTimeOffset? validUntil, TokenError cause) => new()
    {
        Code = TokenErrorCode.MinValidNotMet,
        Message = $"The token is valid until {validUntil:O}, which is less than asked, and it cannot be refreshed now: {cause.Message}",
        WhoActs = cause.WhoActs,
        Retryable = cause.Retryable,
        RetryAfter = cause.RetryAfter,
        ValidUntil = validUntil,
        ConnectionId = id,
    };

    public static TokenError StoreUnavailable(string problem) => new()
    {
        Code = TokenErrorCode.StoreUnavailable,
        Message = $"The database cannot be reached and no valid token is in memory: {problem}",
        WhoActs = WhoActs.Operator,
        Retryable = true,
        RetryAfter = PollAgain,
    };

    /// <summary>The database may not be this deployment's (I14). What was found is the operator's to read, in the log.</summary>
    public static TokenError Frozen(Connection connection, Freeze freeze) =>
        Of(connection, TokenErrorCode.Frozen, WhoActs.Operator,
            $"Nothing is refreshed: this server cannot be sure that the database is the one it works on ({Names.Of(freeze.Reason)}). An operator finds the way "
            + "out in the server's log, and with rekindle-server unfreeze --plan.") with
        { Retryable = true, RetryAfter = FrozenAgain };

    /// <summary>Left out when the database was confirmed (I14).</summary>
    public static TokenError LeftOut(Connection connection) =>
        Of(connection, TokenErrorCode.Frozen, WhoActs.Operator,
            "The connection is not refreshed: when its database was confirmed it was left out, since its refresh token may have been used elsewhere. "
            + "Take it in with rekindle-server unfreeze --apply, or have the account connected again.") with
        { Retryable = true, RetryAfter = FrozenAgain };

    public static TokenError JournalUnavailable() => new()
    {
        Code = TokenErrorCode.StoreUnavailable,
        Message = "No refresh was started: the journal cannot be written, and this provider's new refresh token could be lost. Make room on the journal's disk.",
        WhoActs = WhoActs.Operator,
        Retryable = true,
        RetryAfter = PollAgain,
    };

    public static TokenError FailingOver() => new()
    {
        Code = TokenErrorCode.RefreshInProgress,
        Message = "No refresh was started: the database has failed over, and a newer refresh token may be known to a worker that has not told it yet. "
            + "That takes seconds; ask again.",
        WhoActs = WhoActs.Nobody,
        Retryable = true,
        RetryAfter = PollAgain,
    };

    public static TokenError ClockSkewed(ConnectionId id) => new()
    {
        Code = TokenErrorCode.ClockSkewed,
        Message = "This server's clock is off the database's by more than Refresh:SkewBound, so it refreshes nothing. Set its clock right; another server may answer meanwhile.",
        WhoActs = WhoActs.Operator,
        Retryable = true,
        RetryAfter = PollAgain,
        ConnectionId = id,
    };

    public static TokenError DecryptFailed(ConnectionId id, string problem) => new()
    {
        Code = TokenErrorCode.DecryptFailed,
        Message = $"The stored token cannot be opened: {problem}. Check that this process has the key ring it was sealed with.",
        WhoActs = WhoActs.Operator,
        ConnectionId = id,
    };

    /// <summary>Why a connection of this status gives no token at all, or none but the present one; null: it may be refreshed.</summary>
    public static TokenError? OfStatus(Connection connection) => connection.Status switch
    {
        ConnectionStatus.Active or ConnectionStatus.Degraded => null,
        ConnectionStatus.Pending => Of(connection, TokenErrorCode.ConnectionPending, WhoActs.Operator,
            "Consent was given, but the connection was not completed. Complete its connect session with the code from the return URL."),
        ConnectionStatus.NeedsReauthorization => connection.DisconnectReason == DisconnectReason.NoRefreshToken
            ? Of(connection, TokenErrorCode.ExpiredNotRefreshable, WhoActs.User, "The token has ended and there is no refresh token. The account has to be connected again.")
            : Of(connection, TokenErrorCode.NeedsReauthorization, WhoActs.User,
                $"{MarkOf(connection)}The account has to be connected again ({(connection.DisconnectReason is { } r ? Names.Of(r) : "unknown reason")}). Create a reconnect link."),
        ConnectionStatus.Revoked => Of(connection, TokenErrorCode.ConnectionRevoked, WhoActs.User, "The connection was revoked. Connect the account again."),
        ConnectionStatus.Disabled => Of(connection, TokenErrorCode.ConnectionDisabled, WhoActs.Operator, "The connection is disabled. Enable it to use it."),
        _ => Of(connection, TokenErrorCode.ConnectionStandby, WhoActs.Operator, "The connection is in standby: it is not refreshed here until it is taken over."),
    };

    /// <summary>Why an integration cannot refresh now; null: it can.</summary>
    public static TokenError? OfIntegration(Connection connection, IntegrationEntry entry, DateTimeOffset now)
    {
        var integration = entry.Integration;
        if (integration.ThrottledUntil is { } until && until > now)
        {
            return Of(connection, TokenErrorCode.ProviderThrottled, WhoActs.Nobody, $"{entry.Provider?.DisplayName ?? integration.Provider} asked us to wait.") with
            {
                Retryable = true,
                RetryAfter = until - now,
            };
        }

        return integration.State switch
        {
            _ when entry.Provider is null => Of(connection, TokenErrorCode.IntegrationMisconfigured, WhoActs.Operator,
                $"The catalogue has no provider '{integration.Provider}'."),
            _ when entry.Unready is { } unready => Of(connection, TokenErrorCode.ProviderUnavailable, WhoActs.Nobody, unready) with { Retryable = true },
            IntegrationState.Paused => Of(connection, TokenErrorCode.IntegrationPaused, WhoActs.Operator, $"Integration '{integration.Key}' is paused. Resume it."),
            IntegrationState.Misconfigured => Of(connection, TokenErrorCode.IntegrationMisconfigured, WhoActs.Operator,
                $"Integration '{integration.Key}' is misconfigured: {integration.StateReason} Correct its client id, secret or registration.") with
            { Retryable = true, RetryAfter = integration.NextProbeAt - now },
            IntegrationState.Unavailable => Of(connection, TokenErrorCode.ProviderUnavailable, WhoActs.Nobody,
                $"{entry.Provider?.DisplayName ?? integration.Provider} has not answered since {integration.StateSince:HH:mm:ss'Z'}; it is tried regularly.") with
            { Retryable = true, RetryAfter = integration.NextProbeAt - now is { } wait && wait > PollAgain ? wait : PollAgain },
            _ => null,
        };
    }

    /// <summary>The provider said that the grant is over, and that is not published yet (I10, F1).</summary>
    public static TokenError VerdictHeld(Connection connection, Integration integration) => integration.State == IntegrationState.Suspect
        ? Of(connection, TokenErrorCode.IntegrationSuspect, WhoActs.Operator,
            $"Too many grants of integration '{integration.Key}' seem to have died at once; verdicts are held back until one of them "
            + "is refreshed or an operator resumes the integration.") with
        { Retryable = true }
        : Of(connection, TokenErrorCode.RefreshInProgress, WhoActs.Nobody,
            $"The provider refused the last refresh ({connection.LastRefreshError}); that is being confirmed.") with
        { Retryable = true, RetryAfter = PollAgain };

    /// <summary>Why the last refresh failed, from the connection's own record.</summary>
    public static TokenError OfLastFailure(Connection connection, DateTimeOffset now)
    {
        var error = (connection.LastRefreshError ?? "unknown")[MarkOf(connection).Length..];
        var wait = connection.NextRetryAt - now is { } left && left > TimeSpan.Zero ? left : PollAgain;
        var (code, who) = ClassOfLastFailure(connection) is { } @class
            ? @class switch
            {
                RefreshClass.RateLimited => (TokenErrorCode.ProviderThrottled, WhoActs.Nobody),
                RefreshClass.ProviderUnavailable or RefreshClass.Network or RefreshClass.OutcomeUnknown => (TokenErrorCode.ProviderUnavailable, WhoActs.Nobody),
                RefreshClass.DecryptFailed => (TokenErrorCode.DecryptFailed, WhoActs.Operator),
                RefreshClass.NoRefreshToken => (TokenErrorCode.ExpiredNotRefreshable, WhoActs.User),
                _ => (TokenErrorCode.RefreshFailed, WhoActs.Operator),
            }
            : (TokenErrorCode.RefreshFailed, WhoActs.Operator);
        return Of(connection, code, who, $"{MarkOf(connection)}The last refresh failed ({error}); the next try is {connection.NextRetryAt:O}.") with
        {
            Retryable = code != TokenErrorCode.ExpiredNotRefreshable,
            RetryAfter = wait,
        };
    }

    /// <summary>The class of the failure that the connection's record shows; null: none.</summary>
    public static RefreshClass? ClassOfLastFailure(Connection connection) =>
        connection.LastRefreshError is { } error && Names.TryParse<RefreshClass>(error[MarkOf(connection).Length..].Split(':')[0], out var @class) ? @class : null;

    /// <summary>There is nothing to refresh with.</summary>
    public static TokenError NotRefreshable(Connection connection) =>
        Of(connection, TokenErrorCode.ExpiredNotRefreshable, WhoActs.User, "The token has ended and there is no refresh token. The account has to be connected again.");

    private static string MarkOf(Connection connection) => connection.Simulation is null ? "" : Simulation.Mark;

    private static TokenError Of(Connection connection, TokenErrorCode code, WhoActs who, string message) => new()
    {
        Code = code,
        Message = message,
        WhoActs = who,
        ConnectionId = connection.Id,
        Reason = connection.DisconnectReason,
        Purpose = connection.Key.Purpose,
    };
}
