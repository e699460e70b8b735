using System.Globalization;

namespace Rekindle.Refresh;

/// <summary>What happened since the last report: the numbers of "Cycle complete" (A1).</summary>
internal sealed class CycleStatistics
{
    private readonly Lock _counts = new();
    private readonly Dictionary<RefreshClass, int> _failed = [];
    private int _claimed;
    private int _refreshed;
    private int _skipped;

    public void Claimed(int count) => Add(ref _claimed, count);

    public void Skipped(int count) => Add(ref _skipped, count);

    public void Ended(RefreshOutcome outcome)
    {
        lock (_counts)
        {
            switch (outcome)
            {
                case RefreshOutcome.Refreshed:
                    _refreshed++;
                    break;
                case RefreshOutcome.Failed failed:
                    _failed[failed.Result.Class] = _failed.GetValueOrDefault(failed.Result.Class) + 1;
                    break;
                default:
                    _skipped++;
                    break;
            }
        }
    }

    /// <summary>The numbers so far; counting starts anew.</summary>
    public CycleSummary Take()
    {
        lock (_counts)
        {
            var summary = new CycleSummary(_claimed, _refreshed, new Dictionary<RefreshClass, int>(_failed), _skipped);
            (_claimed, _refreshed, _skipped) = (0, 0, 0);
            _failed.Clear();
            return summary;
        }
    }

    private void Add(ref int field, int count)
    {
        lock (_counts)
        {
            field += count;
        }
    }
}

/// <summary>Numbers of one heartbeat.</summary>
/// <param name="Claimed">Leases taken.</param>
/// <param name="Refreshed">Refreshes that brought a token.</param>
/// <param name="Failed">Those that did not, by class.</param>
/// <param name="Skipped">Leases given back unused, results that were superseded, integrations without permits.</param>
public sealed record CycleSummary(int Claimed, int Refreshed, IReadOnlyDictionary<RefreshClass, int> Failed, int Skipped)
{
    /// <summary>Failures as text: <c>network 2, rate_limited 1</c>, or <c>0</c>.</summary>
    public string FailedText => Failed.Count == 0
        ? "0"
        : string.Join(", ", Failed.Select(f => string.Create(CultureInfo.InvariantCulture, $"{Storage.Names.Of(f.Key)} {f.Value}")));
}
