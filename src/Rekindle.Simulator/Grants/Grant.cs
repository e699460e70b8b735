using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Grants;

/// <summary>
/// One consent and the tokens that came from it. The authority on which of them work: each change happens under the
/// grant's own lock, so that two presentations of one token have an order, as at a real server.
/// </summary>
internal sealed class Grant(long number, string subject, string clientId, IReadOnlyList<string> scopes, DateTimeOffset consentedAt)
{
    private readonly Lock _gate = new();
    private readonly RefreshTokenFamily _refreshTokens = new();
    private readonly List<AccessToken> _accessTokens = [];
    private readonly Queue<DateTimeOffset> _recentRefreshes = new();
    private IReadOnlyList<string> _scopes = scopes;
    private DateTimeOffset? _lastRefreshedAt;
    private GrantEnd? _end;
    private int _accessSerial;
    private int _refreshes;
    private int _reuses;

    public long Number => number;

    public string Id { get; } = $"g{number}";

    public string Subject => subject;

    public string ClientId => clientId;

    public DateTimeOffset ConsentedAt => consentedAt;

    public bool IsLive
    {
        get
        {
            lock (_gate)
            {
                return _end is null;
            }
        }
    }

    public IReadOnlyList<string> Scopes
    {
        get
        {
            lock (_gate)
            {
                return _scopes;
            }
        }
    }

    public GrantSnapshot Snapshot(DateTimeOffset now)
    {
        lock (_gate)
        {
            return new GrantSnapshot
            {
                Id = Id,
                Subject = subject,
                ClientId = clientId,
                Scopes = _scopes,
                ConsentedAt = consentedAt,
                LastRefreshedAt = _lastRefreshedAt,
                Refreshes = _refreshes,
                Generation = _refreshTokens.Newest,
                Reuses = _reuses,
                LiveAccessTokens = _end is null ? _accessTokens.Count(token => token.LivesAt(now)) : 0,
                End = _end,
            };
        }
    }

    /// <summary>The first token set, after a consent.</summary>
    public Issue IssueFirst(Personality personality, bool withRefreshToken, TimeSpan? lifetime, DateTimeOffset now)
    {
        lock (_gate)
        {
            int? refreshToken = withRefreshToken ? _refreshTokens.Add(parent: 0) : null;
            return IssueTokens(personality, lifetime, refreshToken, isNew: withRefreshToken, now);
        }
    }

    public RefreshResult RefreshBy(int generation, Personality personality, DateTimeOffset now)
    {
        lock (_gate)
        {
            var presented = _refreshTokens.Judge(generation, personality.RefreshTokens, now);
            EndIfOutlived(personality.RefreshTokens, now);
            if (_end is { } end)
            {
                return RefreshResult.Refused(presented, ErrorOf(end));
            }

            if (presented == PresentedToken.Unknown)
            {
                return RefreshResult.Refused(presented, TokenError.InvalidGrant);
            }

            if (presented == PresentedToken.Reused)
            {
                _reuses++;
                EndIf(personality.RefreshTokens.ReuseEndsGrant, GrantEnd.ReuseDetected);
                return RefreshResult.Refused(presented, TokenError.InvalidGrant);
            }

            if (Hindrance(personality, now) is { } error)
            {
                return RefreshResult.Refused(presented, error);
            }

            return new RefreshResult(presented, Succeed(generation, personality, now), null);
        }
    }

    /// <summary>The access token is exchanged for a longer one while it is valid.</summary>
    public RefreshResult ExtendBy(int serial, Personality personality, DateTimeOffset now)
    {
        lock (_gate)
        {
            var presented = JudgeAccessToken(serial, now);
            if (_end is { } end)
            {
                return RefreshResult.Refused(presented, ErrorOf(end));
            }

            if (presented == PresentedToken.Dead)
            {
                return RefreshResult.Refused(presented, TokenError.GrantExpired);
            }

            if (Hindrance(personality, now) is { } error)
            {
                return RefreshResult.Refused(presented, error);
            }

            NoteRefresh(personality, now);
            return new RefreshResult(presented, IssueTokens(personality, null, null, isNew: false, now), null);
        }
    }

    /// <summary>What a token of this grant is at this moment, without presenting it.</summary>
    public PresentedToken Judge(TokenIdentity token, Personality personality, DateTimeOffset now)
    {
        lock (_gate)
        {
            return token.Kind == TokenKind.Refresh
                ? _refreshTokens.Judge(token.Serial, personality.RefreshTokens, now)
                : JudgeAccessToken(token.Serial, now);
        }
    }

    public bool Accepts(int accessSerial, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _end is null && JudgeAccessToken(accessSerial, now) == PresentedToken.Current;
        }
    }

    public void End(GrantEnd reason)
    {
        lock (_gate)
        {
            EndIf(_end is null, reason);
        }
    }

    public void KillAccessToken(int serial)
    {
        lock (_gate)
        {
            _accessTokens.RemoveAll(token => token.Serial == serial);
        }
    }

    public void KillAccessTokens()
    {
        lock (_gate)
        {
            _accessTokens.Clear();
        }
    }

    /// <summary>The server has lost what it wrote when it gave this refresh token.</summary>
    public void Forget(int generation)
    {
        lock (_gate)
        {
            _refreshTokens.Forget(generation);
        }
    }

    public void Narrow(IReadOnlyList<string> granted)
    {
        lock (_gate)
        {
            _scopes = granted;
        }
    }

    private PresentedToken JudgeAccessToken(int serial, DateTimeOffset now) =>
        _accessTokens.Exists(token => token.Serial == serial && token.LivesAt(now)) ? PresentedToken.Current : PresentedToken.Dead;

    private TokenError? Hindrance(Personality personality, DateTimeOffset now)
    {
        if (personality.RefreshLimit is { } limit)
        {
            while (_recentRefreshes.TryPeek(out var oldest) && now - oldest >= limit.Window)
            {
                _recentRefreshes.Dequeue();
            }

            if (_recentRefreshes.Count >= limit.Refreshes)
            {
                return TokenError.RateLimited;
            }
        }

        return personality.EarlyRefresh == EarlyRefresh.Refused && IsEarly(personality, now) ? TokenError.NotDueYet : null;
    }

    private bool IsEarly(Personality personality, DateTimeOffset now) =>
        _accessTokens.Count > 0 && _accessTokens[^1] is { ExpiresAt: { } expiry } && expiry - now > personality.EarliestRefresh;

    private Issue Succeed(int generation, Personality personality, DateTimeOffset now)
    {
        if (personality.EarlyRefresh == EarlyRefresh.SameToken && IsEarly(personality, now))
        {
            return Describe(personality, _accessTokens[^1], _refreshTokens.Newest, isNew: false, now);
        }

        var rules = personality.RefreshTokens;
        NoteRefresh(personality, now);
        if (rules.RotateEvery == 0 || _refreshes % rules.RotateEvery != 0)
        {
            // A superseded token that still works brings the one that took its place.
            return IssueTokens(personality, null, _refreshTokens.Newest, isNew: generation != _refreshTokens.Newest, now);
        }

        return IssueTokens(personality, null, _refreshTokens.Rotate(generation, rules, now), isNew: true, now);
    }

    private Issue IssueTokens(Personality personality, TimeSpan? lifetime, int? refreshToken, bool isNew, DateTimeOffset now)
    {
        _accessTokens.RemoveAll(token => !token.LivesAt(now));
        if (personality.RefreshTokens.KillsAccessTokens)
        {
            _accessTokens.Clear();
        }

        var issued = new AccessToken(++_accessSerial, now, now + (lifetime ?? personality.AccessTokenLifetime));
        _accessTokens.Add(issued);
        if (personality.LiveAccessTokens is { } most && _accessTokens.Count > most)
        {
            _accessTokens.RemoveRange(0, _accessTokens.Count - most);
        }

        return Describe(personality, issued, refreshToken, isNew, now);
    }

    private Issue Describe(Personality personality, AccessToken token, int? refreshToken, bool isNew, DateTimeOffset now) => new(
        token.Serial,
        token.IssuedAt,
        token.ExpiresAt,
        refreshToken,
        isNew,
        refreshToken is null
            ? null
            : EarlierOf(now + personality.RefreshTokens.Inactivity, consentedAt + personality.RefreshTokens.Absolute),
        _scopes);

    private void NoteRefresh(Personality personality, DateTimeOffset now)
    {
        _refreshes++;
        _lastRefreshedAt = now;
        if (personality.RefreshLimit is not null)
        {
            _recentRefreshes.Enqueue(now);
        }
    }

    private void EndIfOutlived(RefreshTokenRules rules, DateTimeOffset now)
    {
        EndIf(now - consentedAt >= rules.Absolute, GrantEnd.Expired);
        EndIf(now - (_lastRefreshedAt ?? consentedAt) >= rules.Inactivity, GrantEnd.Inactive);
    }

    private void EndIf(bool condition, GrantEnd reason)
    {
        if (!condition || _end is not null)
        {
            return;
        }

        _end = reason;
        _accessTokens.Clear();
    }

    private static DateTimeOffset? EarlierOf(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other < one ? other : one;

    private static TokenError ErrorOf(GrantEnd end) => end switch
    {
        GrantEnd.Expired or GrantEnd.Inactive => TokenError.GrantExpired,
        GrantEnd.ConsentWithdrawn => TokenError.ConsentRequired,
        GrantEnd.PolicyRequiresSignIn => TokenError.InteractionRequired,
        GrantEnd.ReuseDetected or GrantEnd.Superseded => TokenError.InvalidGrant,
        _ => TokenError.GrantRevoked,
    };

    private readonly record struct AccessToken(int Serial, DateTimeOffset IssuedAt, DateTimeOffset? ExpiresAt)
    {
        public bool LivesAt(DateTimeOffset now) => ExpiresAt is null || now < ExpiresAt;
    }
}
