using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Tests.Refresh;

/// <summary>Facts for verdicts: an hourly token of a strict rotating provider, an hour into its life, unless told otherwise.</summary>
internal static class Rig
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static ProviderDefinition Provider(ReuseRule? reuse = null, Reach throttle = Reach.Connection) => new()
    {
        Key = "acme",
        DisplayName = "Acme",
        Endpoints = new ProviderEndpoints { Authorize = "https://acme.example/authorize", Token = "https://acme.example/token" },
        Lifecycle = new ProviderLifecycle
        {
            Reuse = new(reuse ?? ReuseRule.Strict, Confidence.Confirmed),
            ThrottleScope = new(throttle, Confidence.Confirmed),
        },
    };

    public static RefreshFacts Facts(Classified result, Connection? connection = null, bool expired = false) => new()
    {
        Claim = new Claim
        {
            Connection = connection ?? Connection(),
            Tokens = Tokens(expired ? Now.AddMinutes(-1) : Now.AddMinutes(10)),
            AttemptId = Guid.CreateVersion7(Now),
            Holder = "worker-1",
            Fence = 1,
            Epoch = 0,
            DueAt = Now.AddSeconds(-1),
        },
        Integration = new Integration { Id = 1, Environment = "production", Key = "acme", Provider = "acme", DisplayName = "Acme", Policy = AtOnce },
        Provider = Provider(),
        Result = result,
        Options = new RefreshOptions(),
        SentAt = Now,
        Now = Now,
        Random = new Random(1),
    };

    /// <summary>Verdicts count at once.</summary>
    public static readonly IntegrationPolicy AtOnce = new() { ConfirmationDelay = TimeSpan.Zero };

    public static Connection Connection() => new()
    {
        Id = new ConnectionId(42),
        Key = new ConnectionKey("production", "acme", "", "user-1", "default", ""),
        IntegrationId = 1,
    };

    public static Classified Of(RefreshClass @class) => new() { Class = @class, Message = "said so", WhoActs = WhoActs.Nobody };

    public static Classified Success(params string[] scopes) => new()
    {
        Class = RefreshClass.Success,
        Tokens = new TokenAnswer
        {
            AccessToken = new Secret("fresh"),
            ExpiresAt = Now.AddHours(1),
            ExpirySource = ExpirySource.ExpiresIn,
            Scopes = scopes.Length == 0 ? null : scopes,
        },
    };

    private static TokenSet Tokens(DateTimeOffset expiresAt) => new()
    {
        GrantNo = 1,
        Version = 7,
        AccessToken = new SealedSecret([1]),
        RefreshToken = new SealedSecret([2]),
        IssuedAt = Now.AddMinutes(-50),
        ExpiresAt = expiresAt,
        Scopes = ["read", "write"],
    };
}
