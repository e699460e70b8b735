using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>A grant that somebody else obtained, to be kept fresh from now on.</summary>
public sealed record ImportedGrant
{
    /// <summary>Key of the connection.</summary>
    public required ConnectionKey Key { get; init; }

    /// <summary>Access token; null: only a refresh token is known, and the first refresh is due at once.</summary>
    public Secret? AccessToken { get; init; }

    /// <summary>Refresh token; null: none.</summary>
    public Secret? RefreshToken { get; init; }

    /// <summary>When the access token ends; null: not known. The JWT's <c>exp</c> and the provider's lifetime are tried then (B2).</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When the refresh token ends; null: not known.</summary>
    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    /// <summary>When the user consented; null: now.</summary>
    public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>Scopes granted; empty: not known.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Token type.</summary>
    public string TokenType { get; init; } = "Bearer";

    /// <summary>The account's id at the provider.</summary>
    public string? ProviderAccountId { get; init; }

    /// <summary>Its name for people.</summary>
    public string? ProviderAccountName { get; init; }

    /// <summary>Label.</summary>
    public string? Label { get; init; }

    /// <summary>Metadata.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Values of the provider's URL variables.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Connection.Empty;

    /// <summary>Whether a connection that exists is replaced. Default: it is left alone, so that last week's export changes nothing.</summary>
    public bool Replace { get; init; }

    /// <summary>Who imports it, for the audit. Default <c>import</c>.</summary>
    public string Actor { get; init; } = "import";

    /// <summary>Not yet ours to refresh: kept in standby until it is taken over (F8).</summary>
    public bool Standby { get; init; }
}

/// <summary>Takes grants in from elsewhere.</summary>
public sealed class ConnectionImporter
{
    private readonly IConnectionStore _connections;
    private readonly IntegrationDirectory _directory;
    private readonly GrantWriter _grants;
    private readonly TokenCache _cache;
    private readonly IAuditStore _audit;
    private readonly ResultJournal _journal;
    private readonly DatabaseOwnership _ownership;
    private readonly TimeProvider _time;

    internal ConnectionImporter(
        IConnectionStore connections, IntegrationDirectory directory, GrantWriter grants, TokenCache cache, IAuditStore audit, ResultJournal journal,
        DatabaseOwnership ownership, TimeProvider time)
    {
        _ownership = ownership;
        _audit = audit;
        _journal = journal;
        _time = time;
        _cache = cache;
        _connections = connections;
        _directory = directory;
        _grants = grants;
    }

    /// <summary>What is wrong with a grant, by field of the wire, in words for the caller; empty: nothing.</summary>
    public async Task<IReadOnlyList<(string Field, string Problem)>> MistakesAsync(ImportedGrant grant, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(grant);
        var mistakes = grant.Key.Mistakes().Select(m => m.Split(' ', 2)).Select(m => (m[0], m[1])).ToList();
        if (grant.AccessToken is null && grant.RefreshToken is null)
        {
            mistakes.Add(("access_token", "or refresh_token must be given."));
        }

        foreach (var (name, token) in new[] { ("access_token", grant.AccessToken), ("refresh_token", grant.RefreshToken) })
        {
            if (token is not null && CiphertextLookalike.Find(token) is { } form)
            {
                mistakes.Add((name, $"looks like ciphertext ({form}): decrypt it before importing."));
            }
        }

        var entry = await _directory.FindAsync(grant.Key.Environment, grant.Key.Integration, cancellationToken).ConfigureAwait(false);
        if (entry?.Provider is not { } provider)
        {
            mistakes.Add(("integration", entry is null
                ? $"'{grant.Key.Integration}' does not exist in environment '{grant.Key.Environment}'. Create it, or check its key."
                : $"belongs to a provider '{entry.Integration.Provider}' that the catalogue does not have."));
            return mistakes;
        }

        mistakes.AddRange(VariableMistakes(grant.Variables, provider));
        return mistakes;
    }

    /// <summary>Imports one grant.</summary>
    /// <exception cref="ArgumentException">The key, the tokens or the variables are not usable; the message says what to do.</exception>
    /// <exception cref="FrozenException">The database may not be this deployment's: a grant is not written into a copy.</exception>
    public async Task<GrantResult> ImportAsync(ImportedGrant grant, CancellationToken cancellationToken = default)
    {
        _ownership.ThrowIfFrozen();
        var mistakes = await MistakesAsync(grant, cancellationToken).ConfigureAwait(false);
        if (mistakes.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', mistakes.Select(m => $"{m.Field} {m.Problem}")), nameof(grant));
        }

        var entry = await _directory.FindAsync(grant.Key.Environment, grant.Key.Integration, cancellationToken).ConfigureAwait(false);
        var result = await _connections.SaveGrantAsync(_grants.FromImport(grant, entry!), cancellationToken).ConfigureAwait(false);
        _journal.NoteChange(result);
        _cache.Granted(result);
        if (result is GrantResult.Created or GrantResult.Replaced)
        {
            var (action, connection) = result is GrantResult.Replaced replaced
                ? ("connection.replace", replaced.Snapshot.Connection)
                : ("connection.import", ((GrantResult.Created)result).Snapshot.Connection);
            await _audit.AppendAsync(
                new AuditEntry(0, _time.GetUtcNow(), grant.Key.Environment, grant.Actor, action, connection.Id.ToString(), null), CancellationToken.None)
                .ConfigureAwait(false);
        }

        return result;
    }

    // Values reach hosts: each is checked against the rule of its provider before it is stored (DESIGN §5).
    private static IEnumerable<(string Field, string Problem)> VariableMistakes(
        IReadOnlyDictionary<string, string> variables, ProviderDefinition provider)
    {
        foreach (var (name, value) in variables)
        {
            var declared = provider.Variables.FirstOrDefault(v => v.Name == name && v.Source is not (VariableSource.Integration or VariableSource.Client));
            if (declared is null)
            {
                yield return ($"variables.{name}", $"is not a variable of a connection at {provider.DisplayName}.");
            }
            else if (!declared.TryResolve(value, provider.AllowsInsecureEndpoints, out _, out var problem))
            {
                yield return ($"variables.{name}", problem);
            }
        }
    }
}
