using System.Collections.Concurrent;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.Http;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator;

/// <summary>One simulated authorization server with its resource API: what a test or demo may do with it from inside.</summary>
public sealed class AuthorizationServer
{
    private readonly ConcurrentDictionary<string, RegisteredClient> _clients = new();
    private readonly TokenMint _mint;
    private Personality _personality;
    private ConsentPolicy _consent = ConsentPolicy.Ask;

    internal AuthorizationServer(string name, Personality personality, SimulatorContext context)
    {
        Name = name;
        Context = context;
        _personality = personality;
        _mint = new TokenMint(context.Options.TokenMarker);
        Codes = new CodeBook(context.Options.TokenMarker, context.Time);
        RegisterClient(context.Options.Client);
    }

    /// <summary>Its name, which is also its path.</summary>
    public string Name { get; }

    /// <summary>The issuer, and the beginning of its addresses.</summary>
    public Uri Issuer => new(Context.BaseAddress, Name);

    /// <summary>Authorization endpoint.</summary>
    public Uri AuthorizeEndpoint => At("authorize");

    /// <summary>Token endpoint.</summary>
    public Uri TokenEndpoint => At("token");

    /// <summary>Where refreshes go: the token endpoint unless the personality has another.</summary>
    public Uri RefreshEndpoint => Personality.SeparateRefreshEndpoint ? At("refresh") : TokenEndpoint;

    /// <summary>Revocation endpoint.</summary>
    public Uri RevokeEndpoint => At("revoke");

    /// <summary>Userinfo endpoint.</summary>
    public Uri UserInfoEndpoint => At("userinfo");

    /// <summary>The resource API: answers 200 to an access token that is valid there and then, else 401.</summary>
    public Uri ApiEndpoint => At("api/me");

    /// <summary>How it behaves. May be replaced at any time; tokens already issued keep their lifetimes.</summary>
    public Personality Personality
    {
        get => Volatile.Read(ref _personality);
        set => Volatile.Write(ref _personality, value);
    }

    /// <summary>What the authorization endpoint does with a user who arrives.</summary>
    public ConsentPolicy Consent
    {
        get => Volatile.Read(ref _consent);
        set => Volatile.Write(ref _consent, value);
    }

    /// <summary>What goes wrong.</summary>
    public FaultBoard Faults { get; } = new();

    /// <summary>The clients it knows.</summary>
    public IReadOnlyCollection<RegisteredClient> Clients => [.. _clients.Values];

    /// <summary>Its grants, oldest first.</summary>
    public IReadOnlyList<GrantSnapshot> Grants
    {
        get
        {
            var now = Context.Time.GetUtcNow();
            return [.. Book.All.OrderBy(grant => grant.Number).Select(grant => grant.Snapshot(now))];
        }
    }

    internal SimulatorContext Context { get; }

    internal CodeBook Codes { get; }

    internal GrantBook Book { get; } = new();

    /// <summary>Makes a client known, or replaces the one with its id.</summary>
    public void RegisterClient(RegisteredClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        _clients[client.Id] = client;
    }

    /// <summary>Makes a grant as if a user had consented and the client had asked for all it takes to get a refresh token.</summary>
    /// <param name="subject">The user.</param>
    /// <param name="scopes">What is granted; default <c>read</c>.</param>
    /// <param name="accessTokenLifetime">Lifetime of this first access token only; default the personality's.</param>
    /// <param name="clientId">The client; default the one of the options.</param>
    public IssuedGrant IssueGrant(
        string subject, IReadOnlyList<string>? scopes = null, TimeSpan? accessTokenLifetime = null, string? clientId = null)
    {
        var personality = Personality;
        var now = Context.Time.GetUtcNow();
        var grant = OpenGrant(subject, clientId ?? Context.Options.Client.Id, scopes ?? ["read"], now);
        var withRefreshToken = personality is
        {
            RefreshKind: RefreshKind.RefreshToken,
            RefreshTokenIssued: not RefreshTokenCondition.Never,
        };
        var issue = grant.IssueFirst(personality, withRefreshToken, accessTokenLifetime, now);
        var answer = Materialize(grant, issue, now);
        return new IssuedGrant
        {
            GrantId = grant.Id,
            Subject = subject,
            ClientId = grant.ClientId,
            Scopes = issue.Scopes,
            AccessToken = answer.AccessToken,
            ExpiresAt = issue.ExpiresAt,
            RefreshToken = answer.RefreshToken,
        };
    }

    /// <summary>Makes many grants, of subjects <c>user-1</c> … or as <paramref name="subject"/> says.</summary>
    public IReadOnlyList<IssuedGrant> IssueGrants(
        int count,
        Func<int, string>? subject = null,
        IReadOnlyList<string>? scopes = null,
        TimeSpan? accessTokenLifetime = null,
        string? clientId = null) =>
        [.. Enumerable.Range(1, count).Select(i => IssueGrant(subject?.Invoke(i) ?? $"user-{i}", scopes, accessTokenLifetime, clientId))];

    /// <summary>One grant as it is now; null: there is none of that name.</summary>
    public GrantSnapshot? FindGrant(string grantId)
    {
        ArgumentNullException.ThrowIfNull(grantId);
        return Book.Find(grantId)?.Snapshot(Context.Time.GetUtcNow());
    }

    /// <summary>Ends a grant: its tokens stop working and refreshes are refused as the reason asks.</summary>
    public void Revoke(string grantId, GrantEnd reason = GrantEnd.RevokedByUser) => Require(grantId).End(reason);

    /// <summary>Ends a grant as reuse detection does.</summary>
    public void RevokeFamily(string grantId) => Revoke(grantId, GrantEnd.ReuseDetected);

    /// <summary>Ends every grant of a user.</summary>
    public void RevokeSubject(string subject, GrantEnd reason = GrantEnd.RevokedByUser)
    {
        foreach (var grant in Book.OfSubject(subject))
        {
            grant.End(reason);
        }
    }

    /// <summary>Ends the access tokens of a grant and leaves its refresh token: valid by the clock, refused by the API.</summary>
    public void KillAccessTokens(string grantId) => Require(grantId).KillAccessTokens();

    /// <summary>Takes scopes away from a grant; the next refresh tells.</summary>
    public void NarrowScopes(string grantId, IReadOnlyList<string> scopes) => Require(grantId).Narrow(scopes);

    /// <summary>Whether the API would accept this access token now.</summary>
    public bool Accepts(string accessToken) => FindAccepted(accessToken) is not null;

    internal Grant? FindAccepted(string accessToken) =>
        Identify(accessToken) is ({ } grant, { Kind: TokenKind.Access } token) && grant.Accepts(token.Serial, Context.Time.GetUtcNow())
            ? grant
            : null;

    /// <summary>The value of the n-th refresh token of a grant: to recognise it, not to use it.</summary>
    internal string RefreshTokenOf(string grantId, int generation) => _mint.Mint(
        new TokenIdentity(TokenKind.Refresh, Require(grantId).Number, generation), AtLeast(Personality.RefreshTokenLook), default);

    internal RegisteredClient? FindClient(string id) => _clients.GetValueOrDefault(id);

    /// <summary>Whose token it is, whether or not it still works.</summary>
    internal (Grant? Grant, TokenIdentity Token) Identify(string token) =>
        _mint.TryRead(token, out var identity) ? (Book.Find(identity.Grant), identity) : default;

    internal Grant OpenGrant(string subject, string clientId, IReadOnlyList<string> scopes, DateTimeOffset now)
    {
        var grant = Book.Add(subject, clientId, scopes, now);
        if (Personality.GrantsPerUserAndClient is { } most)
        {
            var live = Book.OfUser(subject, clientId).Where(other => other.IsLive).ToList();
            live.Take(live.Count - most).ToList().ForEach(oldest => oldest.End(GrantEnd.Superseded));
        }

        return grant;
    }

    /// <summary>Turns serials into token values.</summary>
    internal TokenAnswer Materialize(Grant grant, Issue issue, DateTimeOffset now)
    {
        var personality = Personality;
        var claims = new TokenClaims(Issuer.ToString(), grant.Subject, issue.IssuedAt, issue.ExpiresAt);
        return new TokenAnswer
        {
            AccessToken = _mint.Mint(
                new TokenIdentity(TokenKind.Access, grant.Number, issue.AccessToken), AtLeast(personality.AccessTokenLook), claims),
            Now = now,
            ExpiresAt = issue.ExpiresAt,
            RefreshToken = issue.RefreshToken is { } generation
                ? _mint.Mint(new TokenIdentity(TokenKind.Refresh, grant.Number, generation), AtLeast(personality.RefreshTokenLook), claims)
                : null,
            IsNewRefreshToken = issue.IsNewRefreshToken,
            RefreshTokenExpiresAt = issue.RefreshTokenExpiresAt,
            Scopes = issue.Scopes,
        };
    }

    private TokenLook AtLeast(TokenLook look) =>
        look.Length >= Context.Options.TokenLength ? look : look with { Length = Context.Options.TokenLength };

    private Grant Require(string grantId)
    {
        ArgumentNullException.ThrowIfNull(grantId);
        return Book.Find(grantId) ?? throw new ArgumentException($"Server '{Name}' has no grant '{grantId}'.", nameof(grantId));
    }

    private Uri At(string path) => new(Context.BaseAddress, $"{Name}/{path}");
}
