using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Grants;

/// <summary>
/// The refresh tokens of one grant, numbered from 1: which of them may still be used. Not safe by itself; its
/// <see cref="Grant"/> holds its lock around every call.
/// </summary>
internal sealed class RefreshTokenFamily
{
    // Those that may matter again; one that is not here is used up.
    private readonly List<Member> _members = [];
    private readonly HashSet<int> _forgotten = [];
    private int _last;

    /// <summary>Number of the newest that is not forgotten; 0: there is none.</summary>
    public int Newest { get; private set; }

    public int Add(int parent)
    {
        _members.Add(new Member(++_last, parent, FirstUsedAt: null));
        return Newest = _last;
    }

    public PresentedToken Judge(int generation, RefreshTokenRules rules, DateTimeOffset now)
    {
        if (_forgotten.Contains(generation))
        {
            return PresentedToken.Unknown;
        }

        if (generation == Newest)
        {
            return PresentedToken.Current;
        }

        if (rules.Superseded == Superseded.StaysValid)
        {
            return PresentedToken.Superseded;
        }

        var index = IndexOf(generation);
        if (index < 0 || HasRunOut(_members[index], rules, now))
        {
            return PresentedToken.Reused;
        }

        return _members[index].FirstUsedAt is null ? PresentedToken.Current : PresentedToken.Superseded;
    }

    /// <summary>Uses a token that was judged usable: its successor's number, which may be one that was given before.</summary>
    public int Rotate(int generation, RefreshTokenRules rules, DateTimeOffset now)
    {
        if (rules.RepeatsSuccessor && _members.FindLast(member => member.Parent == generation) is { Generation: > 0 } successor)
        {
            return successor.Generation;
        }

        var index = IndexOf(generation);
        if (index >= 0)
        {
            MarkUsed(index, rules, now);
        }

        return Add(generation);
    }

    /// <summary>Forgets that it gave this one: it is unknown from now on, and the one that brought it was never used.</summary>
    public void Forget(int generation)
    {
        var index = IndexOf(generation);
        if (index < 0 || _members[index] is not { Parent: > 0 } forgotten)
        {
            return;
        }

        _members.RemoveAt(index);
        _forgotten.Add(generation);
        var parent = IndexOf(forgotten.Parent);
        if (parent >= 0)
        {
            _members.RemoveAt(parent);
        }

        _members.Add(new Member(forgotten.Parent, forgotten.Parent - 1, FirstUsedAt: null));
        Newest = _members.Max(member => member.Generation);
    }

    private int IndexOf(int generation) => _members.FindIndex(member => member.Generation == generation);

    private void MarkUsed(int index, RefreshTokenRules rules, DateTimeOffset now)
    {
        var used = _members[index] with { FirstUsedAt = _members[index].FirstUsedAt ?? now };
        _members[index] = used;

        // Using a token ends the one it came from, where that was kept alive only until then.
        var endsParent = rules.Superseded == Superseded.UntilSuccessorUsed;
        _members.RemoveAll(member => HasRunOut(member, rules, now) || (endsParent && member.Generation <= used.Parent));
    }

    private static bool HasRunOut(Member member, RefreshTokenRules rules, DateTimeOffset now) =>
        member.FirstUsedAt is { } used && rules.Superseded switch
        {
            Superseded.Grace => now - used >= rules.Grace,
            Superseded.UntilSuccessorUsed => rules.Grace > TimeSpan.Zero && now - used >= rules.Grace,
            // Where used tokens stay valid as long as the grant, none has to be remembered.
            _ => true,
        };

    private readonly record struct Member(int Generation, int Parent, DateTimeOffset? FirstUsedAt);
}
