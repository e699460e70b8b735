using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Attempts;

/// <summary>
/// The attempt log as people look at it (D2): it says what it does not show, how old the newest entry is, and when silence
/// means trouble.
/// </summary>
public sealed class AttemptTerminal(
    IAttemptStore attempts, IRefreshStore schedule, IntegrationDirectory directory, RefreshOptions options, TimeProvider time)
{
    /// <summary>Attempts are counted no further than this.</summary>
    public const int CountCeiling = 10_000;

    private const double CyclesOfSilence = 1.5;

    /// <summary>One page, newest first.</summary>
    /// <param name="filter">What is asked for.</param>
    /// <param name="reach">Everything that the reader may see.</param>
    /// <param name="before">Last id of the page before; null: the newest.</param>
    /// <param name="limit">Most entries.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<TerminalPage> ReadAsync(
        AttemptFilter filter, AttemptFilter reach, Guid? before, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(reach);
        var found = await attempts.ListAsync(filter, before, limit + 1, cancellationToken).ConfigureAwait(false);
        var newest = await attempts.ListAsync(reach, null, 1, cancellationToken).ConfigureAwait(false);
        var matching = await CountAsync(filter, cancellationToken).ConfigureAwait(false);
        var hidden = new List<HiddenByFilter>();
        foreach (var (name, value, without) in Filters(filter, reach))
        {
            hidden.Add(new(name, value, Math.Max(0, await CountAsync(without, cancellationToken).ConfigureAwait(false) - matching)));
        }

        var newestAt = newest.Count > 0 ? newest[0].CreatedAt : (DateTimeOffset?)null;
        return new TerminalPage
        {
            Items = [.. found.Take(limit)],
            HasMore = found.Count > limit,
            Matching = matching,
            Total = hidden.Count == 0 ? matching : await CountAsync(reach, cancellationToken).ConfigureAwait(false),
            Hidden = hidden,
            NewestAt = newestAt,
            NewestAge = time.GetUtcNow() - newestAt,
            Warning = await WarningAsync(reach, newestAt, cancellationToken).ConfigureAwait(false),
        };
    }

    private Task<int> CountAsync(AttemptFilter filter, CancellationToken cancellationToken) =>
        attempts.CountAsync(filter, CountCeiling, cancellationToken);

    private static IEnumerable<(string Name, string Value, AttemptFilter Without)> Filters(AttemptFilter f, AttemptFilter reach)
    {
        if (f.Integrations is not null && !ReferenceEquals(f.Integrations, reach.Integrations))
        {
            yield return ("integration", string.Join(' ', f.Integrations), f with { Integrations = reach.Integrations });
        }

        if (f.Tenants is not null && !ReferenceEquals(f.Tenants, reach.Tenants))
        {
            yield return ("tenant", string.Join(' ', f.Tenants), f with { Tenants = reach.Tenants });
        }

        if (f.ConnectionId is { } connection)
        {
            yield return ("connection", connection.ToString(), f with { ConnectionId = null });
        }

        if (f.Subject is { } subject)
        {
            yield return ("subject", subject, f with { Subject = null });
        }

        if (f.Source is { } source)
        {
            yield return ("source", Names.Of(source), f with { Source = null });
        }

        if (f.Action is { } action)
        {
            yield return ("action", Names.Of(action), f with { Action = null });
        }

        if (f.Class is { } @class)
        {
            yield return ("class", Names.Of(@class), f with { Class = null });
        }

        if (f.Since is { } since)
        {
            yield return ("since", $"{since:O}", f with { Since = null });
        }

        if (f.Until is { } until)
        {
            yield return ("until", $"{until:O}", f with { Until = null });
        }
    }

    private async Task<string?> WarningAsync(AttemptFilter reach, DateTimeOffset? newestAt, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var silence = options.HeartbeatInterval * CyclesOfSilence;
        if (now - newestAt <= silence)
        {
            return null;
        }

        var all = await directory.AllAsync(cancellationToken).ConfigureAwait(false);
        int[] open = [.. all.Where(e => e.Integration.Environment == reach.Environment && e.IsOpen(now)
            && (reach.Integrations is null || reach.Integrations.Contains(e.Integration.Key))).Select(e => e.Integration.Id)];
        var heads = await schedule.ReadQueueHeadsAsync(open, cancellationToken).ConfigureAwait(false);
        var dueSince = heads.Values.Select(h => h.DueAt).DefaultIfEmpty(now).Min();
        if (now - dueSince <= silence)
        {
            return null;
        }

        var age = newestAt is { } at ? $"The newest attempt is {(now - at).TotalSeconds:0} s old" : "There is no attempt at all";
        return $"{age}, although work has been due since {dueSince:O}: more than {CyclesOfSilence} cycles of {options.HeartbeatInterval.TotalSeconds:0} s. "
            + "Look whether a worker is alive (GET /v1/workers).";
    }
}

/// <summary>A page of the log.</summary>
public sealed record TerminalPage
{
    /// <summary>The attempts, newest first.</summary>
    public required IReadOnlyList<Attempt> Items { get; init; }

    /// <summary>Whether there are older ones.</summary>
    public bool HasMore { get; init; }

    /// <summary>How many the filter finds, up to the ceiling.</summary>
    public int Matching { get; init; }

    /// <summary>How many the reader may see, up to the ceiling.</summary>
    public int Total { get; init; }

    /// <summary>What each filter hides.</summary>
    public IReadOnlyList<HiddenByFilter> Hidden { get; init; } = [];

    /// <summary>When the newest attempt that the reader may see was made.</summary>
    public DateTimeOffset? NewestAt { get; init; }

    /// <summary>Its age.</summary>
    public TimeSpan? NewestAge { get; init; }

    /// <summary>Set when silence means trouble.</summary>
    public string? Warning { get; init; }
}

/// <summary>A filter and how many attempts would be shown without it.</summary>
public sealed record HiddenByFilter(string Filter, string Value, int Hides);
