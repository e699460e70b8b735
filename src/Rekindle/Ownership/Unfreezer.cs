using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>
/// Confirms a database as this deployment's, class by class (DESIGN §6). What is not taken in is marked row by row before the freeze
/// ends: whenever this is interrupted the database is still frozen, and doing it again is all that is needed.
/// </summary>
public sealed class Unfreezer
{
    private const int PageSize = 2000;

    private readonly IOwnershipStore _store;
    private readonly DatabaseOwnership _ownership;
    private readonly KeyCheck _keys;
    private readonly VolumeMemory _memory;
    private readonly JournalOptions _journal;
    private readonly IntegrationDirectory _directory;
    private readonly KeyRing _ring;
    private readonly IAuditStore _audit;
    private readonly TimeProvider _time;

    internal Unfreezer(
        IOwnershipStore store, DatabaseOwnership ownership, KeyCheck keys, VolumeMemory memory, JournalOptions journal, IntegrationDirectory directory,
        KeyRing ring, IAuditStore audit, TimeProvider time)
    {
        _store = store;
        _ownership = ownership;
        _keys = keys;
        _memory = memory;
        _journal = journal;
        _directory = directory;
        _ring = ring;
        _audit = audit;
        _time = time;
    }

    /// <summary>Classes that may be taken in. Lost ones wait for their users.</summary>
    public static IReadOnlyList<UnfreezeClass> Takeable { get; } = [UnfreezeClass.Safe, UnfreezeClass.Valid, UnfreezeClass.Doubtful];

    /// <summary>Sorts the connections. Changes nothing.</summary>
    /// <exception cref="StoreException">Nobody has worked on this database yet.</exception>
    public async Task<UnfreezePlan> PlanAsync(CancellationToken cancellationToken = default)
    {
        var situation = await LookAsync(cancellationToken).ConfigureAwait(false);
        var tallies = new Dictionary<(int Integration, UnfreezeClass Class), PlanTally>();
        await foreach (var page in PagesAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (var grant in page.Where(g => situation.Freeze is not null || g.IsLeftOut))
            {
                var place = (grant.IntegrationId, Sort(grant, situation));
                if (!tallies.TryGetValue(place, out var tally))
                {
                    tallies[place] = tally = new PlanTally();
                }

                tally.Add(grant);
            }
        }

        return new UnfreezePlan
        {
            Freeze = situation.Freeze,
            Owner = situation.Owner,
            Here = _ownership.Here,
            Integrations =
            [
                .. from t in tallies
                   group t by t.Key.Integration into g
                   let integration = situation.Entries[g.Key].Integration
                   orderby integration.Environment, integration.Key
                   select new PlannedIntegration(integration.Environment, integration.Key, g.ToDictionary(t => t.Key.Class, t => t.Value.ToPlanned())),
            ],
        };
    }

    /// <summary>
    /// Confirms this deployment as the owner if the database is frozen, and takes in the connections of these classes; all others stay as
    /// they are, or are left out.
    /// </summary>
    /// <param name="classes">Of <see cref="Takeable"/>.</param>
    /// <param name="actor">Who, for the audit.</param>
    /// <param name="cancellationToken">Ends it between two pages; the database stays frozen then.</param>
    /// <exception cref="KeyRingException">The key ring is not the database's: no confirmation mends that.</exception>
    /// <exception cref="StoreException">Nobody has worked on this database yet, or somebody else confirmed it at the same time.</exception>
    public async Task<UnfreezeResult> ApplyAsync(IReadOnlySet<UnfreezeClass> classes, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(classes);
        if (classes.Except(Takeable).Any())
        {
            throw new ArgumentException("Lost connections cannot be taken in.", nameof(classes));
        }

        var situation = await LookAsync(cancellationToken).ConfigureAwait(false);
        if (situation.Freeze is { Reason: FreezeReason.KeyRing } wrongRing)
        {
            throw new KeyRingException($"{wrongRing.Detail} {wrongRing.Remedy}");
        }

        var taken = 0;
        var left = new Dictionary<UnfreezeClass, int>();
        await foreach (var page in PagesAsync(cancellationToken).ConfigureAwait(false))
        {
            var sorted = page.Where(g => situation.Freeze is not null || g.IsLeftOut).Select(g => (Grant: g, Class: Sort(g, situation))).ToArray();
            taken += sorted.Count(s => classes.Contains(s.Class));
            foreach (var (_, @class) in sorted.Where(s => !classes.Contains(s.Class)))
            {
                left[@class] = left.GetValueOrDefault(@class) + 1;
            }

            var now = _time.GetUtcNow();
            await _store.LeaveOutAsync([.. sorted.Where(s => !classes.Contains(s.Class) && !s.Grant.IsLeftOut).Select(s => s.Grant.Id)], true, now, cancellationToken)
                .ConfigureAwait(false);
            await _store.LeaveOutAsync([.. sorted.Where(s => classes.Contains(s.Class) && s.Grant.IsLeftOut).Select(s => s.Grant.Id)], false, now, cancellationToken)
                .ConfigureAwait(false);
        }

        if (situation.Freeze is not null)
        {
            await ConfirmAsync(situation.Owner, cancellationToken).ConfigureAwait(false);
        }

        await AuditAsync(situation, classes, taken, left.Values.Sum(), actor).ConfigureAwait(false);
        return new UnfreezeResult(taken, left);
    }

    private async Task ConfirmAsync(DatabaseOwner owner, CancellationToken cancellationToken)
    {
        var epoch = DatabaseOwnership.NextEpoch(owner, _memory.Current);
        if (!await _store.ConfirmAsync(_ownership.Here, owner.Epoch, epoch, _time.GetUtcNow(), cancellationToken).ConfigureAwait(false))
        {
            throw new StoreException("Somebody else confirmed this database at the same time. Look again: rekindle-server unfreeze --plan");
        }
    }

    // In every environment: it concerns all of them.
    private async Task AuditAsync(Situation situation, IReadOnlySet<UnfreezeClass> classes, int taken, int left, string actor)
    {
        var detail = $"{{\"classes\":\"{string.Join(' ', classes.Order().Select(Names.Of))}\",\"taken\":{taken},\"left_out\":{left}}}";
        foreach (var environment in situation.Entries.Values.Select(e => e.Integration.Environment).Distinct())
        {
            await _audit.AppendAsync(
                new AuditEntry(0, _time.GetUtcNow(), environment, actor, "database.unfreeze", situation.Owner.DatabaseId, detail), CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<Situation> LookAsync(CancellationToken cancellationToken)
    {
        var owner = await _store.ReadAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new StoreException("No server has worked on this database yet: there is nothing to confirm.");
        var remembered = _memory.Load(owner.DatabaseId);
        var now = _time.GetUtcNow();
        var freeze = await _keys.FindMismatchAsync(cancellationToken).ConfigureAwait(false) is { } wrongRing
            ? new Freeze(FreezeReason.KeyRing, wrongRing, now)
            : OwnershipRules.Judge(owner, _ownership.Here, remembered, _memory.Span, now);
        var entries = await _directory.AllAsync(cancellationToken).ConfigureAwait(false);
        return new Situation(
            owner, freeze, WorkOf(owner, freeze, remembered, now), JournalMemory.Read(_journal, _ring), entries.ToDictionary(e => e.Integration.Id));
    }

    private static ForeignWork WorkOf(DatabaseOwner owner, Freeze? freeze, RememberedMark? remembered, DateTimeOffset now) => new(
        owner.Mark,
        freeze?.Reason switch
        {
            // Nobody else: the rows themselves are in question.
            FreezeReason.Undecryptable => null,

            // Ourselves, until the last sign of it that this machine has seen.
            FreezeReason.OldBackup when remembered is { } seen && seen.Mark > owner.Mark => seen.Mark,
            _ => now,
        },
        now);

    private static UnfreezeClass Sort(RefreshableGrant grant, Situation situation) => UnfreezeRules.Sort(
        grant, situation.Entries.GetValueOrDefault(grant.IntegrationId)?.Provider, situation.Work, situation.Journal.Of(grant.Id, grant.GrantNo, grant.Version));

    private async IAsyncEnumerable<IReadOnlyList<RefreshableGrant>> PagesAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ConnectionId? after = null;
        IReadOnlyList<RefreshableGrant> page;
        do
        {
            page = await _store.ListRefreshableAsync(after, PageSize, cancellationToken).ConfigureAwait(false);
            yield return page;
            after = page is [.., var last] ? last.Id : null;
        }
        while (page.Count == PageSize);
    }

    private sealed record Situation(
        DatabaseOwner Owner, Freeze? Freeze, ForeignWork Work, JournalMemory Journal, IReadOnlyDictionary<int, IntegrationEntry> Entries);
}
