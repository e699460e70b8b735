using System.Text;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Plain examples of what the stores are given. Tests change what they are about with <c>with</c>.</summary>
internal static class Given
{
    public const string Worker = "worker-1";

    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);

    public static SealedSecret Sealed(string value) => new(Encoding.UTF8.GetBytes(value));

    public static string? Text(SealedSecret? secret) => secret is null ? null : Encoding.UTF8.GetString(secret.Bytes);

    public static Integration Integration(string key, string environment) => new()
    {
        Environment = environment,
        Key = key,
        Provider = "oauth2",
        DisplayName = key,
    };

    public static ConnectionKey Key(Integration integration, string subject) =>
        new(integration.Environment, integration.Key, "", subject, ConnectionKey.DefaultPurpose, "");

    /// <summary>A fresh grant for an hour, due ten minutes before its end.</summary>
    public static NewGrant Grant(Integration integration, string subject, DateTimeOffset now)
    {
        var key = Key(integration, subject);
        return new()
        {
            Key = key,
            NewId = ConnectionId.New(key),
            IntegrationId = integration.Id,
            Seal = static (_, grantNo) => new(Sealed($"access-{grantNo}"), Sealed($"refresh-{grantNo}")),
            IfExists = IfExists.Replace,
            Status = ConnectionStatus.Active,
            ClientId = "client",
            IssuedAt = now,
            ExpiresAt = now.AddHours(1),
            ExpirySource = ExpirySource.ExpiresIn,
            GrantedAt = now.AddDays(-1),
            DueAt = now.AddMinutes(50),
            Now = now,
        };
    }

    public static LeaseTerms Terms(DateTimeOffset now, string holder = Worker) => new(holder, now, Lease, Guid.CreateVersion7(now));

    /// <inheritdoc cref="Commits.Success"/>
    public static RefreshCommit Success(Claim claim, DateTimeOffset now, string name = "new") =>
        Commits.Success(claim, now, Sealed($"access-{name}"), Sealed($"refresh-{name}"));

    /// <summary>A failure that passes: one strike of the transient kind, tried again in a minute.</summary>
    public static RefreshCommit Trouble(Claim claim, DateTimeOffset now) => new()
    {
        Claim = claim,
        Attempt = Commits.Attempt(claim, now) with
        {
            Action = AttemptAction.TokenRefreshError,
            Class = RefreshClass.ProviderUnavailable,
            IsTransient = true,
            Decision = "tried again later",
            Status = 503,
        },
        ConsecutiveTransientFailures = claim.Connection.ConsecutiveTransientFailures + 1,
        NextRetryAt = now.AddMinutes(1),
        LastRefreshError = "provider_unavailable: 503",
        LastFailureAt = now,
        DueAt = now.AddMinutes(1),
    };

    /// <summary>The provider says that the grant is over.</summary>
    public static RefreshCommit Death(Claim claim, DateTimeOffset now) => new()
    {
        Claim = claim,
        Attempt = Commits.Attempt(claim, now) with
        {
            Action = AttemptAction.TokenRefreshFailed,
            Class = RefreshClass.GrantDead,
            Decision = "the user has to reconnect",
            WhoActs = WhoActs.User,
            Status = 400,
            ErrorCode = "invalid_grant",
        },
        Status = ConnectionStatus.NeedsReauthorization,
        ConsecutiveFailures = 1,
        LastRefreshError = "grant_dead: invalid_grant",
        LastFailureAt = now,
        DisconnectReason = DisconnectReason.GrantInvalid,
        Dependents = DependentState.Paused,
        Opens = [Draft()],
    };

    public static NotificationDraft Draft(NotificationKind kind = NotificationKind.Disconnected) =>
        new(kind, Audience.User, "Mail is disconnected", "Connect it again.");
}
