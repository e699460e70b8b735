using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>What an exchanged code came to.</summary>
internal abstract record ConnectOutcome
{
    private ConnectOutcome()
    {
    }

    /// <summary>The grant is stored.</summary>
    /// <param name="Snapshot">The connection now.</param>
    /// <param name="Awaits">Whether the operator's backend has to complete it.</param>
    public sealed record Connected(ConnectionSnapshot Snapshot, bool Awaits) : ConnectOutcome;

    /// <summary>Nothing was changed.</summary>
    public sealed record Refused(ConnectError Error) : ConnectOutcome;
}
