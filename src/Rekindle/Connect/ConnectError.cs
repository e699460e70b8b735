using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>Why a connect flow did not go on, in words for the person before the browser. Free of secrets, and of text that came from outside.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="Title">One line: what happened.</param>
/// <param name="Advice">What to do.</param>
/// <param name="WhoActs">Who can mend it.</param>
public sealed record ConnectError(ConnectErrorCode Code, string Title, string Advice, WhoActs WhoActs)
{
    /// <summary>What the operator should know beyond that: the provider's own code and words, bounded; null: nothing.</summary>
    public string? Detail { get; init; }

    /// <summary>Whether the same link can be tried again.</summary>
    public bool CanRetry { get; init; }

    /// <summary>What the session keeps.</summary>
    internal string Text => Detail is null ? $"{Title} {Advice}" : $"{Title} {Advice} ({Detail})";

    /// <summary>State that a session takes which ends so.</summary>
    internal ConnectState EndState => Code switch
    {
        ConnectErrorCode.AccessDenied => ConnectState.Denied,
        ConnectErrorCode.LinkExpired => ConnectState.Expired,
        _ => ConnectState.Failed,
    };
}
