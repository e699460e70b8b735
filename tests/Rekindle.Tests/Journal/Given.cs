using System.Security.Cryptography;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Tests.Journal;

/// <summary>Plain entries of a journal.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ConnectionKey Key = new("production", "mail", "", "user-ä", "default", "");

    public static byte[] JournalKey { get; } = RandomNumberGenerator.GetBytes(32);

    public static JournalledResult Result(int version = 1, int tokenBytes = 900) => new()
    {
        GrantNo = 3,
        Version = version,
        Epoch = 2,
        Tokens = new NewTokens
        {
            AccessToken = new SealedSecret(RandomNumberGenerator.GetBytes(tokenBytes)),
            RefreshToken = version % 2 == 0 ? null : new SealedSecret(RandomNumberGenerator.GetBytes(100)),
            IssuedAt = Now,
            ExpiresAt = version % 3 == 0 ? null : Now.AddHours(1),
            ExpirySource = ExpirySource.ExpiresIn,
            RefreshTokenExpiresAt = version % 3 == 0 ? Now.AddDays(90) : null,
            Scopes = version % 2 == 0 ? null : ["read", "write"],
        },
        Variables = version % 2 == 0 ? Connection.Empty : new Dictionary<string, string> { ["instance_url"] = "https://eu1.example" },
        DueAt = version % 5 == 0 ? null : Now.AddMinutes(50),
        Attempt = new Attempt
        {
            Id = Guid.CreateVersion7(Now),
            CreatedAt = Now,
            ConnectionId = ConnectionId.New(Key),
            IntegrationId = 7,
            Key = Key,
            Source = RefreshSource.OnDemand,
            Action = AttemptAction.TokenRefreshed,
            Class = RefreshClass.Success,
            Decision = "committed from the journal",
            NextStep = "",
            Worker = "worker-1",
            WorkerVersion = "1.0",
            Duration = TimeSpan.FromMilliseconds(120),
            Rotated = version % 2 != 0,
            ExpiresIn = version % 3 == 0 ? null : TimeSpan.FromHours(1),
            Status = 200,
            Stages = version % 2 == 0 ? null : """{"sent":"same"}""",
        },
    };

    public static JournalRecord.Kept Kept(int version = 1, int tokenBytes = 900) => new(Result(version, tokenBytes), Now);
}
