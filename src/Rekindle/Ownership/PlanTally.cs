using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>Counts the connections of one class.</summary>
internal sealed class PlanTally
{
    private const int MostSamples = 5;

    private readonly List<ConnectionId> _samples = [];
    private int _count;
    private int _leftOut;
    private DateTimeOffset? _firstEnd;
    private DateTimeOffset? _lastEnd;

    public void Add(RefreshableGrant grant)
    {
        _count++;
        _leftOut += grant.IsLeftOut ? 1 : 0;
        _firstEnd = _firstEnd < grant.ExpiresAt ? _firstEnd : grant.ExpiresAt ?? _firstEnd;
        _lastEnd = _lastEnd > grant.ExpiresAt ? _lastEnd : grant.ExpiresAt ?? _lastEnd;
        if (_samples.Count < MostSamples)
        {
            _samples.Add(grant.Id);
        }
    }

    public PlannedConnections ToPlanned() => new(_count, _leftOut, _firstEnd, _lastEnd, _samples);
}
