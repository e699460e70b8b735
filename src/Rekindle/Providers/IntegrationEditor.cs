using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Providers;

/// <summary>
/// Makes, changes and ends integrations, and pulls their levers (A12). Secrets go in and never come out; every deed is audited; the
/// worker hears of it at once.
/// </summary>
public sealed class IntegrationEditor
{
    private const int Tries = 3;

    private readonly IIntegrationStore _store;
    private readonly IntegrationDirectory _directory;
    private readonly IntegrationRules _rules;
    private readonly ProviderCatalogue _catalogue;
    private readonly Sealer _sealer;
    private readonly IVerdictStore _verdicts;
    private readonly IAuditStore _audit;
    private readonly RefreshWorker _worker;
    private readonly TimeProvider _time;

    internal IntegrationEditor(
        IIntegrationStore store, IntegrationDirectory directory, IntegrationRules rules, ProviderCatalogue catalogue, Sealer sealer,
        IVerdictStore verdicts, IAuditStore audit, RefreshWorker worker, TimeProvider time)
    {
        _store = store;
        _directory = directory;
        _rules = rules;
        _catalogue = catalogue;
        _sealer = sealer;
        _verdicts = verdicts;
        _audit = audit;
        _worker = worker;
        _time = time;
    }

    /// <summary>Makes an integration.</summary>
    public async Task<IntegrationEdit> CreateAsync(
        string environment, string key, IntegrationDraft draft, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(draft);
        var fresh = new Integration
        {
            Environment = environment,
            Key = key,
            Provider = draft.Provider ?? "",
            DisplayName = _catalogue.Find(draft.Provider ?? "")?.DisplayName ?? "",
            CreatedAt = _time.GetUtcNow(),
        };
        if (Mistakes(fresh, draft) is { Count: > 0 } mistakes)
        {
            return new IntegrationEdit.Invalid(mistakes);
        }

        var stored = await _store.CreateAsync(Merged(fresh, draft, seals: true), cancellationToken).ConfigureAwait(false);
        return stored is null ? new IntegrationEdit.Exists() : await SavedAsync(stored, "integration.create", actor).ConfigureAwait(false);
    }

    /// <summary>Changes what the draft names. A new client secret of a misconfigured integration is tried at once.</summary>
    public async Task<IntegrationEdit> ChangeAsync(
        string environment, string key, IntegrationDraft draft, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(draft);
        for (var i = 0; i < Tries; i++)
        {
            if (await ReadAsync(environment, key, cancellationToken).ConfigureAwait(false) is not { } present)
            {
                return new IntegrationEdit.Unknown();
            }

            if (Mistakes(present, draft) is { Count: > 0 } mistakes)
            {
                return new IntegrationEdit.Invalid(mistakes);
            }

            // Somebody else may change another field between our reading and writing: then it is read and merged anew.
            if (await _store.UpdateAsync(Merged(present, draft, seals: true), _time.GetUtcNow(), cancellationToken).ConfigureAwait(false) is { } stored)
            {
                return await SavedAsync(stored, "integration.change", actor).ConfigureAwait(false);
            }
        }

        return new IntegrationEdit.Contended();
    }

    /// <summary>Deletes an integration without connections.</summary>
    public async Task<IntegrationEdit> DeleteAsync(string environment, string key, string actor, CancellationToken cancellationToken = default)
    {
        if (await ReadAsync(environment, key, cancellationToken).ConfigureAwait(false) is not { } present)
        {
            return new IntegrationEdit.Unknown();
        }

        return await _store.DeleteAsync(present.Id, cancellationToken).ConfigureAwait(false)
            ? await SavedAsync(present, "integration.delete", actor).ConfigureAwait(false)
            : new IntegrationEdit.InUse();
    }

    /// <summary>Stops sending; valid tokens are still served.</summary>
    public Task<IntegrationEdit> PauseAsync(string environment, string key, string? reason, string actor, CancellationToken cancellationToken = default) =>
        SetStateAsync(environment, key, new() { State = IntegrationState.Paused, Reason = reason }, "integration.pause", actor, cancellationToken);

    /// <summary>Ends a pause, a halt for misconfiguration, or a suspicion, by an operator's word; held verdicts are then tested once more (F1).</summary>
    public async Task<IntegrationEdit> ResumeAsync(string environment, string key, string actor, CancellationToken cancellationToken = default)
    {
        var suspect = await ReadAsync(environment, key, cancellationToken).ConfigureAwait(false) is { State: IntegrationState.Suspect } found ? found : null;
        var edit = await SetStateAsync(
            environment, key, new() { State = IntegrationState.Active, ClosesNotifications = true }, "integration.resume", actor, cancellationToken).ConfigureAwait(false);
        if (suspect is not null)
        {
            await _verdicts.ReleaseAsync(suspect.Id, _time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
            _worker.Wake();
        }

        return edit;
    }

    /// <summary>Raises budget and slots for a while, so that a backlog is worked off faster; it ends by itself. Zero ends it now.</summary>
    public Task<IntegrationEdit> RecoverAsync(string environment, string key, TimeSpan time, string actor, CancellationToken cancellationToken = default)
    {
        var until = time > TimeSpan.Zero ? _time.GetUtcNow() + time : (DateTimeOffset?)null;
        return ChangeAsync(environment, key, new IntegrationDraft { Policy = policy => policy with { RecoveryUntil = until } }, actor, cancellationToken);
    }

    private async Task<IntegrationEdit> SetStateAsync(
        string environment, string key, IntegrationStateChange change, string action, string actor, CancellationToken cancellationToken)
    {
        if (await ReadAsync(environment, key, cancellationToken).ConfigureAwait(false) is not { } present)
        {
            return new IntegrationEdit.Unknown();
        }

        await _store.SetStateAsync(present.Id, change, _time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        return await SavedAsync(present, action, actor).ConfigureAwait(false);
    }

    // From the store, not from memory: what another process wrote a moment ago must not be overwritten.
    private async Task<Integration?> ReadAsync(string environment, string key, CancellationToken cancellationToken)
    {
        await _directory.ReloadAsync(cancellationToken).ConfigureAwait(false);
        return (await _directory.FindAsync(environment, key, cancellationToken).ConfigureAwait(false))?.Integration;
    }

    private List<(string Field, string Problem)> Mistakes(Integration present, IntegrationDraft draft) =>
        [.. _rules.Mistakes(Merged(present, draft, seals: false), draft)];

    private async Task<IntegrationEdit> SavedAsync(Integration integration, string action, string actor)
    {
        await _audit.AppendAsync(
            new AuditEntry(0, _time.GetUtcNow(), integration.Environment, actor, action, integration.Key, null), CancellationToken.None).ConfigureAwait(false);
        await _directory.ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        _worker.Wake();
        var entry = await _directory.FindAsync(integration.Environment, integration.Key, CancellationToken.None).ConfigureAwait(false);
        return entry is null ? new IntegrationEdit.Deleted() : new IntegrationEdit.Saved(entry);
    }

    private Integration Merged(Integration present, IntegrationDraft draft, bool seals)
    {
        var merged = present with
        {
            Provider = draft.Provider ?? present.Provider,
            DisplayName = draft.DisplayName is { Length: > 0 } name ? name : present.DisplayName,
            ClientId = draft.ClientId ?? present.ClientId,
            SecretExpiresAt = draft.SecretExpiresAt ?? (draft.ClientSecret is null ? present.SecretExpiresAt : null),
            Scopes = draft.Scopes ?? present.Scopes,
            Purposes = draft.Purposes ?? present.Purposes,
            Variables = draft.Variables ?? present.Variables,
            AllowedReturnUrls = draft.AllowedReturnUrls ?? present.AllowedReturnUrls,
            ConnectFields = draft.ConnectFields ?? present.ConnectFields,
            Policy = draft.Policy?.Invoke(present.Policy) ?? present.Policy,
        };
        return seals ? WithSecrets(merged, present, draft) : merged;
    }

    private Integration WithSecrets(Integration merged, Integration present, IntegrationDraft draft) => merged with
    {
        ClientSecret = draft.RemovesClientSecret ? null
            : draft.ClientSecret is { } secret ? _sealer.Seal(secret, present.SealContext(SecretKind.ClientSecret)) : present.ClientSecret,
        PreviousClientSecret = draft.RemovesClientSecret ? null
            : draft.ClientSecret is not null ? present.ClientSecret : present.PreviousClientSecret,
        PrivateKey = draft.RemovesPrivateKey ? null
            : draft.PrivateKey is { } key ? _sealer.Seal(key, present.SealContext(SecretKind.PrivateKey)) : present.PrivateKey,
    };
}

/// <summary>What became of an edit.</summary>
public abstract record IntegrationEdit
{
    private IntegrationEdit()
    {
    }

    /// <summary>Stored.</summary>
    public sealed record Saved(IntegrationEntry Entry) : IntegrationEdit;

    /// <summary>Gone.</summary>
    public sealed record Deleted : IntegrationEdit;

    /// <summary>Nothing was changed: these fields are wrong.</summary>
    public sealed record Invalid(IReadOnlyList<(string Field, string Problem)> Mistakes) : IntegrationEdit;

    /// <summary>The key is taken.</summary>
    public sealed record Exists : IntegrationEdit;

    /// <summary>There is no such integration.</summary>
    public sealed record Unknown : IntegrationEdit;

    /// <summary>It has connections: it cannot be deleted.</summary>
    public sealed record InUse : IntegrationEdit;

    /// <summary>Others kept changing it; nothing was changed.</summary>
    public sealed record Contended : IntegrationEdit;
}
