using Rekindle.Connect;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>Turns tokens that came by import or by browser into a grant to store: sealed to its place, with a due time.</summary>
internal sealed class GrantWriter(Sealer sealer, RefreshClock clock)
{
    // An access token is always stored; where only a refresh token was imported, an ended placeholder stands in for it.
    private static readonly Secret Missing = new("-");

    /// <summary>A grant from elsewhere.</summary>
    public NewGrant FromImport(ImportedGrant grant, IntegrationEntry entry)
    {
        ArgumentNullException.ThrowIfNull(grant);
        ArgumentNullException.ThrowIfNull(entry);
        var now = clock.Now;
        var (expiresAt, source) = ExpiryOf(grant, entry.Provider!, now);
        return Of(grant.Key, entry, grant.AccessToken ?? Missing, grant.RefreshToken, now, expiresAt, source, grant.RefreshTokenExpiresAt) with
        {
            IfExists = grant.Replace ? IfExists.Replace : IfExists.Refuse,
            Status = grant.Standby ? ConnectionStatus.Standby : ConnectionStatus.Active,
            GrantedAt = grant.GrantedAt ?? now,
            Scopes = grant.Scopes,
            TokenType = grant.TokenType,
            ProviderAccountId = grant.ProviderAccountId,
            ProviderAccountName = grant.ProviderAccountName,
            AllowAccountChange = entry.Integration.Policy.AllowAccountChange,
            Label = grant.Label,
            Metadata = grant.Metadata,
            Variables = grant.Variables,
        };
    }

    /// <summary>A grant that a person consented to in a browser.</summary>
    public NewGrant FromConsent(ConnectionKey key, IntegrationEntry entry, Consent consent)
    {
        ArgumentNullException.ThrowIfNull(consent);
        var answer = consent.Tokens;
        var grant = Of(
            key, entry, answer.AccessToken, answer.RefreshToken, consent.SentAt, answer.ExpiresAt, answer.ExpirySource, answer.RefreshTokenExpiresAt);
        return grant with
        {
            ClientId = consent.ClientId,
            GrantedAt = consent.GrantedAt,
            Scopes = answer.Scopes ?? [],
            TokenType = answer.TokenType,
            ProviderAccountId = consent.Account?.Id,
            ProviderAccountName = consent.Account?.Name,
            Variables = consent.Variables,
        };
    }

    /// <summary>When stored tokens are due: those of a grant that waited for its completion, or of a connection after a lever; null: never.</summary>
    public DateTimeOffset? DueAt(TokenSet tokens, IntegrationEntry entry)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(entry);
        var life = new TokenLife(tokens.IssuedAt, tokens.ExpiresAt, tokens.RefreshTokenExpiresAt, tokens.RefreshToken is not null);
        return DueAt(life, entry, RefreshSchedule.NewJitter(clock.Random));
    }

    // "No expiry recorded" is not "expired" (B2): the JWT is asked before a refresh is spent. An unknown age makes the documented
    // lifetime useless, so what remains unknown is refreshed at once, or trusted for a little while where it cannot be.
    private static (DateTimeOffset?, ExpirySource) ExpiryOf(ImportedGrant grant, ProviderDefinition provider, DateTimeOffset now) => grant switch
    {
        { AccessToken: null } => (now, ExpirySource.Unknown),
        { ExpiresAt: { } stated } => (stated, ExpirySource.AbsoluteField),
        { AccessToken: var token } when JwtExpiry.Read(token.Reveal()) is { } exp => (exp, ExpirySource.Jwt),
        _ when provider.Lifecycle.EffectiveImmortal => (null, ExpirySource.Immortal),
        { RefreshToken: not null } => (now, ExpirySource.Unknown),
        _ => (now + ExpiryReader.Assumed, ExpirySource.Assumed),
    };

    private NewGrant Of(
        ConnectionKey key, IntegrationEntry entry, Secret accessToken, Secret? refreshToken, DateTimeOffset issuedAt, DateTimeOffset? expiresAt,
        ExpirySource source, DateTimeOffset? refreshTokenExpiresAt)
    {
        var jitter = RefreshSchedule.NewJitter(clock.Random);
        var life = new TokenLife(issuedAt, expiresAt, refreshTokenExpiresAt, refreshToken is not null);
        return new NewGrant
        {
            Key = key,
            NewId = ConnectionId.New(key),
            IntegrationId = entry.Integration.Id,
            Seal = (id, grantNo) => new GrantMaterialSealed(
                sealer.Seal(accessToken, Connection.SealContextOf(key.Environment, id, SecretKind.AccessToken, grantNo)),
                refreshToken is null ? null : sealer.Seal(refreshToken, Connection.SealContextOf(key.Environment, id, SecretKind.RefreshToken, grantNo))),
            IfExists = IfExists.Replace,
            Status = ConnectionStatus.Active,
            ClientId = entry.Credentials.ClientId,
            IssuedAt = issuedAt,
            ExpiresAt = expiresAt,
            ExpirySource = source,
            RefreshTokenExpiresAt = refreshTokenExpiresAt,
            GrantedAt = issuedAt,
            DueAt = DueAt(life, entry, jitter),
            Jitter = jitter,
            Now = clock.Now,
        };
    }

    private DateTimeOffset? DueAt(TokenLife life, IntegrationEntry entry, int jitter)
    {
        var canRefresh = life.HasRefreshToken || entry.Provider!.Requests.RefreshKind == RefreshKind.AccessToken;
        var due = canRefresh ? RefreshSchedule.DueAt(life, entry.Integration.Policy, entry.Provider!, jitter) : null;
        return due < clock.Now ? clock.Now : due;
    }
}
