using System.Reflection;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A real database that says to be on the timeline that the test wants.</summary>
public class MovingDatabase : DispatchProxy
{
    private IDatabase _inner = null!;
    private Func<string> _timeline = () => "";

    internal static IDatabase Of(IDatabase inner, Func<string> timeline)
    {
        var proxy = Create<IDatabase, MovingDatabase>();
        var moving = (MovingDatabase)(object)proxy;
        (moving._inner, moving._timeline) = (inner, timeline);
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == nameof(IDatabase.ReadTimelineAsync)
        ? Task.FromResult<string?>(_timeline())
        : targetMethod.Invoke(_inner, args);
}
