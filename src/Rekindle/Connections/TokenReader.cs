using Rekindle.Hosting;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Telemetry;

namespace Rekindle.Connections;

/// <summary>
/// Valid access tokens on demand (A11, DESIGN §4). The common case, a fresh token in memory, is a look-up and a
/// comparison: no lock, no allocation. Everything else reads the store, and refreshes when it must.
/// </summary>
public sealed class TokenReader
{
    // What is left at least when a token is handed out that could not be refreshed: less would end on the way.
    private static readonly TimeSpan LastSeconds = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly TokenCache _cache;
    private readonly ConnectionResolver _resolver;
    private readonly DemandRefreshes _refreshes;
    private readonly IConnectionStore _connections;
    private readonly ChangeFollower _changes;
    private readonly RefreshClock _clock;
    private readonly TokenReads _reads;
    private readonly string _defaultEnvironment;

    internal TokenReader(
        TokenCache cache, ConnectionResolver resolver, DemandRefreshes refreshes, IConnectionStore connections, ChangeFollower changes,
        RefreshClock clock, TokenReads reads, RekindleOptions options)
    {
        _cache = cache;
        _resolver = resolver;
        _refreshes = refreshes;
        _connections = connections;
        _changes = changes;
        _clock = clock;
        _reads = reads;
        _defaultEnvironment = options.DefaultEnvironment;
    }

    /// <summary>A valid token of a user at an integration.</summary>
    /// <param name="integration">Key of the integration.</param>
    /// <param name="subject">The operator's own user id.</param>
    /// <param name="tenant">Customer or organisation; null: none.</param>
    /// <param name="purpose">Purpose; null: <c>default</c>.</param>
    /// <param name="account">Which of several accounts; null: the only one.</param>
    /// <param name="minValid">Remaining validity; null: 120 s, which gives way when a refresh fails for now. At most half the token's life is asked.</param>
    /// <param name="maxWait">How long to wait for a refresh; null: 10 s. At most 30 s.</param>
    /// <param name="cancellationToken">Ends the wait, never a refresh under way.</param>
    /// <exception cref="TokenUnavailableException">No token can be handed out; it says why and who can mend it.</exception>
    public ValueTask<AccessToken> GetAsync(
        string integration, string subject, string? tenant = null, string? purpose = null, string? account = null,
        TimeSpan? minValid = null, TimeSpan? maxWait = null, CancellationToken cancellationToken = default)
    {
        var query = Normalize(new TokenQuery { Integration = integration, Subject = subject, Tenant = tenant, Purpose = purpose, Account = account });
        return minValid is null && TryAtOnce(_cache.Find(query)) is { } token
            ? new(token)
            : ThrowingAsync(TryGetAsync(query, new TokenDemand(minValid, maxWait), cancellationToken));
    }

    /// <summary>A valid token of a connection.</summary>
    /// <inheritdoc cref="GetAsync(string, string, string?, string?, string?, TimeSpan?, TimeSpan?, CancellationToken)"/>
    public ValueTask<AccessToken> GetAsync(
        ConnectionId connection, TimeSpan? minValid = null, TimeSpan? maxWait = null, CancellationToken cancellationToken = default) =>
        minValid is null && TryAtOnce(_cache.Find(connection)) is { } token
            ? new(token)
            : ThrowingAsync(TryGetAsync(connection, new TokenDemand(minValid, maxWait), cancellationToken));

    /// <summary>A token, or why there is none, without exceptions.</summary>
    public ValueTask<TokenResult> TryGetAsync(TokenQuery query, TokenDemand demand, CancellationToken cancellationToken = default)
    {
        var name = Normalize(query);
        var cached = _cache.Find(name);
        return demand.MinValid is null && TryAtOnce(cached) is { } token
            ? new(TokenResult.Of(token))
            : CountedAsync(SlowAsync(cached, name, demand, cancellationToken));
    }

    /// <inheritdoc cref="TryGetAsync(TokenQuery, TokenDemand, CancellationToken)"/>
    public ValueTask<TokenResult> TryGetAsync(ConnectionId connection, TokenDemand demand, CancellationToken cancellationToken = default)
    {
        var cached = _cache.Find(connection);
        return demand.MinValid is null && TryAtOnce(cached) is { } token
            ? new(TokenResult.Of(token))
            : CountedAsync(SlowAsync(cached, connection, demand, cancellationToken));
    }

    /// <summary>What a connection is called: a look-up in memory when its token is there. Null: there is no such connection.</summary>
    public ValueTask<ConnectionKey?> KeyOfAsync(ConnectionId connection, CancellationToken cancellationToken = default)
    {
        return _cache.FindLast(connection) is { } known ? new(known.Connection.Key) : ReadAsync();

        async ValueTask<ConnectionKey?> ReadAsync() =>
            (await LoadAsync(connection, cancellationToken).ConfigureAwait(false)).Item1?.Connection.Key;
    }

    /// <summary>
    /// An API refused a token. An old version, or missing scopes, never refreshes: the present token is the answer. Otherwise
    /// the provider is asked for a new one, at most once per floor (F55).
    /// </summary>
    /// <param name="connection">Connection.</param>
    /// <param name="version">Version of the token that was refused.</param>
    /// <param name="insufficientScope">The refusal was about scopes (RFC 6750 <c>insufficient_scope</c>, or HTTP 403).</param>
    /// <param name="cancellationToken">Ends the wait, never a refresh under way.</param>
    public async ValueTask<TokenResult> RejectedAsync(
        ConnectionId connection, int version, bool insufficientScope, CancellationToken cancellationToken = default)
    {
        var (present, error) = await LoadAsync(connection, cancellationToken).ConfigureAwait(false);
        if (present is null)
        {
            return TokenResult.Of(error!);
        }

        if (insufficientScope || present.Snapshot.Tokens?.Version != version || RefreshedJustNow(present))
        {
            return Evaluate(present, new TokenDemand(), null);
        }

        var flight = await _refreshes.JoinAsync(present, new FlightPlan(RefreshSource.OnDemand)).WaitAsync(cancellationToken).ConfigureAwait(false);

        // The refused token is not handed out again while nothing newer came: the caller learns why instead.
        return flight.Connection is { } now && now.Snapshot.Tokens?.Version != version
            ? Evaluate(now, new TokenDemand(), null)
            : TokenResult.Of(flight.Error ?? TokenErrors.InProgress(connection));
    }

    /// <summary>Refreshes now, by an operator's order (A12): back-off does not hold it up, the floor between two refreshes does.</summary>
    internal async Task<FlightResult> RefreshNowAsync(ConnectionId connection, FlightPlan plan, CancellationToken cancellationToken)
    {
        var (present, error) = await LoadAsync(connection, cancellationToken).ConfigureAwait(false);
        if (present is null)
        {
            return new FlightResult(null, error);
        }

        return RefreshedJustNow(present) && !plan.Capture
            ? new FlightResult(present, null)
            : await _refreshes.JoinAsync(present, plan).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private TokenQuery Normalize(in TokenQuery query) => query with
    {
        Environment = query.Environment ?? _defaultEnvironment,
        Tenant = query.Tenant ?? "",
        Purpose = query.Purpose ?? ConnectionKey.DefaultPurpose,
        Account = query.Account ?? "",
    };

    private AccessToken? TryAtOnce(CachedConnection? cached)
    {
        if (cached is null || _clock.Now >= cached.ServeAtOnceUntil || !_changes.IsFresh)
        {
            return null;
        }

        cached.MarkUsed();
        if (cached.Token is { } token)
        {
            _reads.CountAtOnce();
            return token;
        }

        return null;
    }

    private async ValueTask<TokenResult> CountedAsync(ValueTask<TokenResult> read)
    {
        var result = await read.ConfigureAwait(false);
        _reads.Count(result);
        return result;
    }

    private static async ValueTask<AccessToken> ThrowingAsync(ValueTask<TokenResult> result)
    {
        var answer = await result.ConfigureAwait(false);
        return answer.Token ?? throw new TokenUnavailableException(answer.Error!);
    }

    private async ValueTask<TokenResult> SlowAsync(CachedConnection? cached, TokenQuery query, TokenDemand demand, CancellationToken cancellationToken)
    {
        if (cached is null || !_changes.IsFresh)
        {
            try
            {
                var stamp = _cache.Stamp;
                var (found, error) = await _resolver.ResolveAsync(query, cancellationToken).ConfigureAwait(false);
                if (found is null)
                {
                    return TokenResult.Of(error!);
                }

                _cache.Name(query, found.Connection.Id, stamp);
                cached = _cache.Put(found, stamp);
            }
            catch (StoreException e)
            {
                return ServeStale(_cache.FindLast(query), e);
            }
        }

        return await ServeAsync(cached, demand, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<TokenResult> SlowAsync(CachedConnection? cached, ConnectionId id, TokenDemand demand, CancellationToken cancellationToken)
    {
        if (cached is null || !_changes.IsFresh)
        {
            try
            {
                (cached, var error) = await LoadAsync(id, cancellationToken).ConfigureAwait(false);
                if (cached is null)
                {
                    return TokenResult.Of(error!);
                }
            }
            catch (StoreException e)
            {
                return ServeStale(_cache.FindLast(id), e);
            }
        }

        return await ServeAsync(cached, demand, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(CachedConnection?, TokenError?)> LoadAsync(ConnectionId id, CancellationToken cancellationToken)
    {
        var stamp = _cache.Stamp;
        return await _connections.GetAsync(id, cancellationToken).ConfigureAwait(false) is { } snapshot
            ? (_cache.Put(snapshot, stamp), null)
            : (null, TokenErrors.UnknownConnection(id));
    }

    private async ValueTask<TokenResult> ServeAsync(CachedConnection present, TokenDemand demand, CancellationToken cancellationToken)
    {
        present.MarkUsed();
        if (Remaining(present) is not { } remaining || remaining >= Asked(present, demand) || !Refreshable(present) || RefreshedJustNow(present))
        {
            RefreshBehind(present);
            return Evaluate(present, demand, null);
        }

        var flight = _refreshes.JoinAsync(present, new FlightPlan(RefreshSource.OnDemand));
        var wait = demand.MaxWait is { } asked ? asked < LongestWait ? asked : LongestWait : _clock.Options.DefaultMaxWait;
        try
        {
            var result = await flight.WaitAsync(wait, _clock.Time, cancellationToken).ConfigureAwait(false);
            return result.Connection is { } now ? Evaluate(now, demand, result.Error) : TokenResult.Of(result.Error!);
        }
        catch (TimeoutException)
        {
            return Evaluate(present, demand, TokenErrors.InProgress(present.Id));
        }
    }

    /// <summary>What a connection's present state gives a caller: never an ended token, never an error while the token is good enough.</summary>
    private TokenResult Evaluate(CachedConnection present, TokenDemand demand, TokenError? failure)
    {
        var connection = present.Connection;
        if (connection.Status.IsWithheld())
        {
            return TokenResult.Of(TokenErrors.OfStatus(connection)!);
        }

        if (present.Token is null)
        {
            return TokenResult.Of(present.Problem is { } problem
                ? TokenErrors.DecryptFailed(connection.Id, problem)
                : TokenErrors.OfStatus(connection) ?? TokenErrors.NotRefreshable(connection));
        }

        var warnings = connection.Status == ConnectionStatus.NeedsReauthorization ? TokenWarnings.NeedsReauthorization : TokenWarnings.None;
        if (Remaining(present) is not { } remaining || remaining >= Asked(present, demand))
        {
            return TokenResult.Of(present.Token, warnings);
        }

        var why = failure ?? TokenErrors.OfStatus(connection)
            ?? (Refreshable(present) ? TokenErrors.InProgress(connection.Id) : TokenErrors.NotRefreshable(connection));
        if (demand.MinValid is null)
        {
            return remaining > LastSeconds
                ? TokenResult.Of(present.Token, warnings | TokenWarnings.MinValidNotMet)
                : TokenResult.Of(why);
        }

        return TokenResult.Of(remaining > TimeSpan.Zero ? TokenErrors.MinValid(connection.Id, present.Token.ExpiresAt, why) : why);
    }

    // The last that is known of it, also when something about it has changed since.
    private TokenResult ServeStale(CachedConnection? cached, StoreException problem) =>
        cached?.Token is { } token && !cached.Connection.Status.IsWithheld()
            && !(Remaining(cached) <= LastSeconds) && _changes.Age <= _clock.Options.MaxStale
            ? TokenResult.Of(token, TokenWarnings.Stale)
            : TokenResult.Of(TokenErrors.StoreUnavailable(problem.Message));

    private void RefreshBehind(CachedConnection present)
    {
        if (present.Connection.Status == ConnectionStatus.Active && present.Snapshot.DueAt <= _clock.Now && Refreshable(present)
            && !(present.Connection.NextRetryAt > _clock.Now))
        {
            _ = _refreshes.JoinAsync(present, new FlightPlan(RefreshSource.OnDemand));
        }
    }

    private TimeSpan? Remaining(CachedConnection present) => present.Token?.ExpiresAt - _clock.Now ?? (present.Token is null ? TimeSpan.MinValue : null);

    private static TimeSpan Asked(CachedConnection present, TokenDemand demand)
    {
        if (demand.MinValid is not { } asked)
        {
            return present.Freshness;
        }

        return present.Snapshot.Tokens?.Lifetime / 2 is { } half && half < asked ? half : asked;
    }

    private bool Refreshable(CachedConnection present) =>
        present.Connection.Status is ConnectionStatus.Active or ConnectionStatus.Degraded && _resolver.CanRefresh(present.Snapshot);

    // No connection is refreshed twice within its floor, however often it is asked for (F22).
    private bool RefreshedJustNow(CachedConnection present) => present.Snapshot.Tokens is { } tokens
        && _clock.Now - tokens.IssuedAt < RefreshSchedule.Floor(tokens.Lifetime, _clock.Options.RefreshFloor)
        && !(Remaining(present) <= TimeSpan.Zero);
}
