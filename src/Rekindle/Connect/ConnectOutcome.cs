using Rekindle.Connections;
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

    /// <summary>The connection goes on as it is until the operator's backend completes the consent beside it.</summary>
    public sealed record Waiting(Connection Existing, Consent Consent) : ConnectOutcome;

    /// <summary>The store is away: the journal has the grant, and it is stored when the store is back.</summary>
    public sealed record Kept : ConnectOutcome;

    /// <summary>Nothing was changed.</summary>
    public sealed record Refused(ConnectError Error) : ConnectOutcome;
}
