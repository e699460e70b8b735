using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Journal;

/// <summary>
/// A consent that was exchanged and is not in the database yet. Its tokens are sealed for the id that the connection gets if it is made,
/// and for no grant of it: which one it will be only the database can say.
/// </summary>
internal sealed record JournalledGrant
{
    private const int NoGrant = 0;

    public required Guid Id { get; init; }

    public required ConnectionKey Key { get; init; }

    public required ConnectionId NewId { get; init; }

    public required int IntegrationId { get; init; }

    public required SealedSecret AccessToken { get; init; }

    public SealedSecret? RefreshToken { get; init; }

    public required string ClientId { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public ExpirySource ExpirySource { get; init; }

    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    public required DateTimeOffset GrantedAt { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    public required string TokenType { get; init; }

    public string? ProviderAccountId { get; init; }

    public string? ProviderAccountName { get; init; }

    public bool AllowAccountChange { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public int Jitter { get; init; }

    /// <summary>Of an active grant that replaces whatever is there.</summary>
    public static JournalledGrant Of(NewGrant grant)
    {
        var material = grant.Seal(grant.NewId, NoGrant);
        return new()
        {
            Id = Guid.CreateVersion7(grant.Now),
            Key = grant.Key,
            NewId = grant.NewId,
            IntegrationId = grant.IntegrationId,
            AccessToken = material.AccessToken,
            RefreshToken = material.RefreshToken,
            ClientId = grant.ClientId,
            IssuedAt = grant.IssuedAt,
            ExpiresAt = grant.ExpiresAt,
            ExpirySource = grant.ExpirySource,
            RefreshTokenExpiresAt = grant.RefreshTokenExpiresAt,
            GrantedAt = grant.GrantedAt,
            Scopes = grant.Scopes,
            TokenType = grant.TokenType,
            ProviderAccountId = grant.ProviderAccountId,
            ProviderAccountName = grant.ProviderAccountName,
            AllowAccountChange = grant.AllowAccountChange,
            Metadata = grant.Metadata,
            Variables = grant.Variables,
            DueAt = grant.DueAt,
            Jitter = grant.Jitter,
        };
    }

    /// <summary>The grant again, to be stored by whoever found it.</summary>
    /// <exception cref="InvalidDataException">It was sealed with a key that this ring does not have.</exception>
    public NewGrant ToGrant(Sealer sealer, DateTimeOffset now)
    {
        var accessToken = Open(AccessToken, SecretKind.AccessToken);
        var refreshToken = RefreshToken is null ? null : Open(RefreshToken, SecretKind.RefreshToken);
        return new()
        {
            Key = Key,
            NewId = NewId,
            IntegrationId = IntegrationId,
            Seal = (id, grantNo) => new GrantMaterialSealed(
                sealer.Seal(accessToken, ContextOf(id, SecretKind.AccessToken, grantNo)),
                refreshToken is null ? null : sealer.Seal(refreshToken, ContextOf(id, SecretKind.RefreshToken, grantNo))),
            IfExists = IfExists.Replace,
            IsRepetition = true,
            Status = ConnectionStatus.Active,
            ClientId = ClientId,
            IssuedAt = IssuedAt,
            ExpiresAt = ExpiresAt,
            ExpirySource = ExpirySource,
            RefreshTokenExpiresAt = RefreshTokenExpiresAt,
            GrantedAt = GrantedAt,
            Scopes = Scopes,
            TokenType = TokenType,
            ProviderAccountId = ProviderAccountId,
            ProviderAccountName = ProviderAccountName,
            AllowAccountChange = AllowAccountChange,
            Metadata = Metadata,
            Variables = Variables,
            DueAt = DueAt,
            Jitter = Jitter,
            Now = now,
        };

        Secret Open(SealedSecret value, SecretKind kind) => sealer.Open(value, ContextOf(NewId, kind, NoGrant)) is OpenResult.Opened(var opened)
            ? opened
            : throw new InvalidDataException($"The consent of {NewId} in the journal does not open with this key ring.");
    }

    private SealContext ContextOf(ConnectionId id, SecretKind kind, int grantNo) => Connection.SealContextOf(Key.Environment, id, kind, grantNo);
}
