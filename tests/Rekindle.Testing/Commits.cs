using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Testing;

/// <summary>What the engine would commit for a claim, for those who test or measure the store without it.</summary>
public static class Commits
{
    /// <summary>An attempt that the claim's holder made.</summary>
    public static Attempt Attempt(Claim claim, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return new Attempt
        {
            Id = claim.AttemptId,
            CreatedAt = now,
            ConnectionId = claim.Connection.Id,
            IntegrationId = claim.Connection.IntegrationId,
            Key = claim.Connection.Key,
            Source = RefreshSource.Scheduled,
            Action = AttemptAction.TokenRefreshed,
            Class = RefreshClass.Success,
            Decision = "committed",
            NextStep = "refreshed again before it ends",
            Worker = claim.Holder,
            WorkerVersion = "1.0",
            GrantNo = claim.Tokens.GrantNo,
            Version = claim.Tokens.Version,
        };
    }

    /// <summary>A success: the refresh token rotated, another hour, due again ten minutes before its end.</summary>
    public static RefreshCommit Success(Claim claim, DateTimeOffset now, SealedSecret accessToken, SealedSecret refreshToken) => new()
    {
        Claim = claim,
        Attempt = Attempt(claim, now) with { Rotated = true, ExpiresIn = TimeSpan.FromHours(1), Status = 200 },
        Tokens = new NewTokens
        {
            AccessToken = accessToken,
            RefreshToken = refreshToken,
            IssuedAt = now,
            ExpiresAt = now.AddHours(1),
            ExpirySource = ExpirySource.ExpiresIn,
        },
        Status = ConnectionStatus.Active,
        DueAt = now.AddMinutes(50),
        Dependents = DependentState.Active,
        ClosesNotifications = true,
    };
}
