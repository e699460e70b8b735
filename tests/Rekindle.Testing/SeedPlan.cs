using Rekindle.Connections;
using Rekindle.Encryption;

namespace Rekindle.Testing;

/// <summary>What <see cref="ConnectionSeeder"/> puts into a database: active connections, dealt out over the integrations.</summary>
public sealed record SeedPlan
{
    private static readonly SealedSecret Unreadable = new(new byte[64]);

    /// <summary>Integrations as the database knows them.</summary>
    public required IReadOnlyList<(int Id, string Key)> Integrations { get; init; }

    /// <summary>How many connections.</summary>
    public required int Count { get; init; }

    /// <summary>Their environment.</summary>
    public string Environment { get; init; } = "production";

    /// <summary>What their subjects begin with; a number follows.</summary>
    public string Subject { get; init; } = "user-";

    /// <summary>When they are made.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>When each connection's token was issued and ends, and when its refresh is due.</summary>
    public required Func<int, SeededTimes> Times { get; init; }

    /// <summary>
    /// Each connection's sealed tokens, made on several threads. By default bytes that nobody can open, for measurements that never try.
    /// </summary>
    public Func<ConnectionId, int, SeededMaterial> Material { get; init; } = static (_, _) => new(Unreadable, Unreadable);

    /// <summary>Real sealed tokens: what <paramref name="tokens"/> says for a connection's number.</summary>
    public static Func<ConnectionId, int, SeededMaterial> Sealed(Sealer sealer, string environment, Func<int, (string Access, string Refresh)> tokens)
    {
        ArgumentNullException.ThrowIfNull(sealer);
        ArgumentNullException.ThrowIfNull(tokens);
        return (id, n) =>
        {
            var (access, refresh) = tokens(n);
            return new(
                sealer.Seal(new Secret(access), Connection.SealContextOf(environment, id, SecretKind.AccessToken, 1)),
                sealer.Seal(new Secret(refresh), Connection.SealContextOf(environment, id, SecretKind.RefreshToken, 1)));
        };
    }

    internal (int Id, string Key) IntegrationOf(int number) => Integrations[number % Integrations.Count];

    internal ConnectionKey KeyOf(int number) =>
        new(Environment, IntegrationOf(number).Key, "", $"{Subject}{number}", ConnectionKey.DefaultPurpose, "");
}

/// <summary>Times of a seeded connection.</summary>
public readonly record struct SeededTimes(DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, DateTimeOffset DueAt);

/// <summary>Sealed tokens of a seeded connection.</summary>
public readonly record struct SeededMaterial(SealedSecret AccessToken, SealedSecret RefreshToken);
