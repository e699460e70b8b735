using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.ApiKeys;

/// <summary>A key to be made.</summary>
/// <param name="Name">Name for people.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Integrations">Only these integrations; empty: all.</param>
/// <param name="Tenants">Only these tenants; empty: all.</param>
/// <param name="ExpiresAt">When it ends; null: it does not.</param>
public sealed record NewApiKey(
    string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string> Integrations, IReadOnlyList<string> Tenants, DateTimeOffset? ExpiresAt);

/// <summary>Makes, rotates and ends API keys. A key makes no key that reaches further or lives longer than itself.</summary>
public sealed class ApiKeyIssuer(IApiKeyStore store, IAuditStore audit, TimeProvider time)
{
    private const int LongestScope = 30;

    /// <summary>Longest overlap of an old key with the one that replaces it.</summary>
    public static TimeSpan LongestOverlap { get; } = TimeSpan.FromDays(30);

    /// <summary>What in a wish goes beyond what its maker has, or cannot be; empty: nothing.</summary>
    public static IEnumerable<(string Field, string Problem)> Mistakes(NewApiKey wish, Caller maker, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(wish);
        ArgumentNullException.ThrowIfNull(maker);
        if (wish.Scopes.Count == 0)
        {
            yield return ("scopes", $"must name at least one of: {string.Join(", ", ApiScopes.All)}.");
        }

        foreach (var scope in wish.Scopes)
        {
            if (!ApiScopes.All.Contains(scope))
            {
                yield return ("scopes", $"{Shown(scope)} is not one of: {string.Join(", ", ApiScopes.All)}.");
            }
            else if (!maker.Has(scope))
            {
                yield return ("scopes", $"'{scope}' is more than your own key has.");
            }
        }

        if (maker.Integrations is not null && (wish.Integrations.Count == 0 || !wish.Integrations.All(maker.ReachesIntegration)))
        {
            yield return ("integrations", $"must be among those of your own key: {string.Join(", ", maker.Integrations)}.");
        }

        if (maker.Tenants is not null && (wish.Tenants.Count == 0 || !wish.Tenants.All(maker.ReachesTenant)))
        {
            yield return ("tenants", $"must be among those of your own key: {string.Join(", ", maker.Tenants)}.");
        }

        if (wish.ExpiresAt <= now)
        {
            yield return ("expires_at", "is in the past.");
        }

        if (maker.Key.ExpiresAt is { } end && !(wish.ExpiresAt <= end))
        {
            yield return ("expires_at", $"must not be later than the end of your own key, {end:O}.");
        }
    }

    /// <summary>
    /// Whether a key may be rotated by this caller: what the caller makes ends with the caller's key at the latest, and a rotation that
    /// only took the same end over would look like a renewal.
    /// </summary>
    public static bool MayRotate(ApiKey key, Caller maker)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(maker);
        return key.ExpiresAt is null || !(maker.Key.ExpiresAt <= key.ExpiresAt);
    }

    /// <summary>Makes a key in the maker's environment. Ask <see cref="Mistakes"/> first.</summary>
    /// <returns>The stored record and the key itself, which exists nowhere else.</returns>
    public Task<(ApiKey Stored, Secret Key)> MintAsync(NewApiKey wish, Caller maker, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wish);
        ArgumentNullException.ThrowIfNull(maker);
        return CreateAsync(wish, maker.Environment, maker.KeyId, "api_key.create", cancellationToken);
    }

    /// <summary>Makes a key on the machine itself, by whoever may run commands there: no key is needed for it.</summary>
    public Task<(ApiKey Stored, Secret Key)> MintLocallyAsync(NewApiKey wish, string environment, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wish);
        return CreateAsync(wish, environment, null, "api_key.create", cancellationToken);
    }

    /// <summary>A new key that can do what the old one can; the old one ends after the overlap. Ask <see cref="MayRotate"/> first.</summary>
    /// <returns>Null: there is no such key, or it has ended.</returns>
    public async Task<(ApiKey Stored, Secret Key)?> RotateAsync(string id, TimeSpan overlap, Caller maker, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(maker);
        if (await FindAsync(id, maker, cancellationToken).ConfigureAwait(false) is not { } old)
        {
            return null;
        }

        // The new one lives as long as the old one was meant to, never longer than its maker.
        var life = old.ExpiresAt - old.CreatedAt;
        var end = Earlier(time.GetUtcNow() + life, maker.Key.ExpiresAt);
        var wish = new NewApiKey(old.Name, old.Scopes, old.Integrations, old.Tenants, end);
        var made = await CreateAsync(wish, old.Environment, maker.KeyId, "api_key.rotate", cancellationToken).ConfigureAwait(false);
        await store.EndAsync(old.Environment, old.Id, time.GetUtcNow() + overlap, CancellationToken.None).ConfigureAwait(false);
        return made;
    }

    /// <summary>Ends a key now. False: there is no such key.</summary>
    public async Task<bool> RevokeAsync(string id, Caller maker, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(maker);
        if (await FindAsync(id, maker, cancellationToken).ConfigureAwait(false) is not { } key)
        {
            return false;
        }

        await store.EndAsync(key.Environment, key.Id, time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        await AuditAsync(key, maker.KeyId, "api_key.revoke").ConfigureAwait(false);
        return true;
    }

    /// <summary>A live key that the caller may manage: of its environment, and reaching no further than its own.</summary>
    public async Task<ApiKey?> FindAsync(string id, Caller caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var key = await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        return key is not null && Manages(caller, key) && !(key.ExpiresAt <= time.GetUtcNow()) ? key : null;
    }

    /// <summary>All keys that the caller may manage, newest first, ended ones too.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var all = await store.ListAsync(caller.Environment, cancellationToken).ConfigureAwait(false);
        return [.. all.Where(key => Manages(caller, key))];
    }

    private static bool Manages(Caller caller, ApiKey key) =>
        key.Environment == caller.Environment && key.Scopes.All(caller.Has)
        && (caller.Integrations is null || (key.Integrations.Count > 0 && key.Integrations.All(caller.ReachesIntegration)))
        && (caller.Tenants is null || (key.Tenants.Count > 0 && key.Tenants.All(caller.ReachesTenant)));

    // What does not look like a scope may be a key that got into the wrong place (I13).
    private static string Shown(string scope) =>
        scope.Length <= LongestScope && scope.All(static c => char.IsAsciiLetter(c) || c is ':' or '_' or '-') ? $"'{scope}'" : $"a text of {scope.Length} characters";

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b : a;

    private async Task<(ApiKey Stored, Secret Key)> CreateAsync(
        NewApiKey wish, string environment, string? maker, string action, CancellationToken cancellationToken)
    {
        var minted = ApiKeyFormat.Mint(environment);
        var stored = new ApiKey
        {
            Id = minted.Id,
            Environment = environment,
            Name = wish.Name,
            Hash = minted.Hash,
            Scopes = [.. wish.Scopes.Distinct(StringComparer.Ordinal)],
            Integrations = wish.Integrations,
            Tenants = wish.Tenants,
            CreatedAt = time.GetUtcNow(),
            ExpiresAt = wish.ExpiresAt,
            CreatedBy = maker,
        };
        await store.CreateAsync(stored, cancellationToken).ConfigureAwait(false);
        await AuditAsync(stored, maker ?? "system", action).ConfigureAwait(false);
        return (stored, minted.Key);
    }

    private Task AuditAsync(ApiKey key, string actor, string action) =>
        audit.AppendAsync(new AuditEntry(0, time.GetUtcNow(), key.Environment, actor, action, key.Id, null), CancellationToken.None);
}
