using System.Diagnostics;

namespace Rekindle.Refresh;

/// <summary>
/// Where the crash drill (docs/drills.md) ends this process by signal 9. It exists in drill builds only (<c>-p:Drill=true</c>): the
/// compiler leaves the calls out of every other build, and there is nothing behind them.
/// </summary>
internal static class FailPoint
{
    /// <summary>Names the gap in which a drill build dies. Not a setting: the server refuses settings it does not know.</summary>
    public const string Variable = "DRILL_FAILPOINT";

    private const string DrillBuild = "REKINDLE_DRILL";

    /// <summary>The process has come to this gap.</summary>
    [Conditional(DrillBuild)]
    public static void Reach(Gap gap)
    {
#if REKINDLE_DRILL
        if (IsArmed(gap))
        {
            Process.GetCurrentProcess().Kill();
        }
#endif
    }

    /// <summary>The same, once what runs beside it has come about: a gap between two things that are done in parallel.</summary>
    [Conditional(DrillBuild)]
    public static void Reach(Gap gap, Func<Task> first)
    {
#if REKINDLE_DRILL
        if (IsArmed(gap))
        {
            first().GetAwaiter().GetResult();
            Reach(gap);
        }
#endif
    }

#if REKINDLE_DRILL
    private static readonly string Armed = Environment.GetEnvironmentVariable(Variable) ?? "";

    private static bool IsArmed(Gap gap) => Armed.Equals(gap.ToString(), StringComparison.OrdinalIgnoreCase);
#endif
}

/// <summary>The gaps between the steps of one refresh, in order.</summary>
internal enum Gap
{
    /// <summary>The claim is committed; nothing has been done with it.</summary>
    Claimed,

    /// <summary>The refresh token is open in memory.</summary>
    Opened,

    /// <summary>The request is built.</summary>
    Built,

    /// <summary>The journal says that the token is about to leave; it has not.</summary>
    Marked,

    /// <summary>The provider has done its work; its answer is not read.</summary>
    Sent,

    /// <summary>The answer is in memory, not looked at.</summary>
    Answered,

    /// <summary>It is known what the answer means, here in memory alone.</summary>
    Classified,

    /// <summary>The result is on the journal's disk and not in the database.</summary>
    Journalled,

    /// <summary>The database has it; this process has told nobody, not even its journal.</summary>
    Committed,

    /// <summary>The commit is acknowledged; nobody who waits has been woken.</summary>
    Acknowledged,
}
