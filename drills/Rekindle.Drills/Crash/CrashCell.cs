using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Drills.Crash;

/// <summary>One death: where, in front of which provider, on which store.</summary>
internal sealed record CrashCell(DrillStore Store, Gap Gap, ProviderKind Kind)
{
    /// <summary>
    /// The provider has used up the refresh token, and its answer was in the memory of the process that died: nobody on our
    /// side can know the successor.
    /// </summary>
    public bool OnlyTheProviderKnows => Kind.NeverRepeats && Gap is Gap.Sent or Gap.Answered or Gap.Classified;

    /// <summary>All of them, or with <paramref name="quick"/> each gap once and each kind twice per store.</summary>
    public static IReadOnlyList<CrashCell> All(bool quick) =>
    [
        .. from store in Enum.GetValues<DrillStore>()
           from gap in Enum.GetValues<Gap>()
           from kind in ProviderKind.All
           where !quick || ((int)gap + (2 * (int)store)) % ProviderKind.All.Count == ProviderKind.All.ToList().IndexOf(kind)
           select new CrashCell(store, gap, kind),
    ];

    public override string ToString() => $"{Names.Of(Store)} {Names.Of(Gap)} {Kind.Name}";
}
