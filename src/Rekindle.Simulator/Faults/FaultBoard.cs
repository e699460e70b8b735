using System.Collections.Immutable;
using Rekindle.Simulator.History;

namespace Rekindle.Simulator.Faults;

/// <summary>The faults of one server that are on. Switching is safe while requests are served.</summary>
public sealed class FaultBoard
{
    private ImmutableArray<ActiveFault> _active = [];
    private int _lastId;

    internal FaultBoard()
    {
    }

    /// <summary>The faults that are on, in the order in which they were switched on.</summary>
    public IReadOnlyList<ActiveFault> Active => _active;

    /// <summary>Switches a fault on. Delays of several faults add up; the first one that answers decides the answer.</summary>
    public ActiveFault Add(Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        if (fault is { Kind: FaultKind.Answer, Answer: null })
        {
            throw new ArgumentException("A fault of kind Answer needs an answer.", nameof(fault));
        }

        if (fault is { Kind: FaultKind.Truncate or FaultKind.WrongContentType or FaultKind.ForgottenRotation, Stage: FaultStage.Before })
        {
            throw new ArgumentException($"A fault of kind {fault.Kind} is about an answer that was given, so its stage is After.", nameof(fault));
        }

        var active = new ActiveFault(this, $"f{Interlocked.Increment(ref _lastId)}", fault);
        ImmutableInterlocked.Update(ref _active, static (list, one) => list.Add(one), active);
        return active;
    }

    /// <summary>Switches all off and lets go of the requests they hold.</summary>
    public void Clear()
    {
        foreach (var active in ImmutableInterlocked.InterlockedExchange(ref _active, []))
        {
            active.Release();
        }
    }

    internal ActiveFault Require(string id) =>
        _active.FirstOrDefault(active => active.Id == id) ?? throw new ArgumentException($"No fault '{id}' is on.", nameof(id));

    internal void Remove(ActiveFault active)
    {
        Unlist(active);
        active.Release();
    }

    internal void Unlist(ActiveFault active) => ImmutableInterlocked.Update(ref _active, static (list, one) => list.Remove(one), active);

    /// <summary>The faults that concern this request. Whether they strike is asked of each in its turn.</summary>
    internal ImmutableArray<ActiveFault> Concerning(Presentation seen)
    {
        var active = _active;
        return active.IsEmpty ? active : active.RemoveAll(one => !Fits(one.Fault, seen));
    }

    private static bool Fits(Fault fault, Presentation seen) =>
        fault.Endpoint == seen.Endpoint
        && (fault.GrantId is null || fault.GrantId == seen.GrantId)
        && (fault.Subject is null || fault.Subject == seen.Subject)
        && (fault.ShareOfGrants >= 1 || InShare(fault.ShareOfGrants, seen.GrantId));

    // The golden ratio spreads consecutive grant numbers evenly, so that a share holds for small fleets too.
    private static bool InShare(double share, string? grantId) =>
        grantId is not null && long.Parse(grantId.AsSpan(1)) * 0.6180339887498949 % 1 < share;
}
