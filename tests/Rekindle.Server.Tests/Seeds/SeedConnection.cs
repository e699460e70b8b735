using Rekindle.Connections;

namespace Rekindle.Server.Tests.Seeds;

/// <summary>A connection, and what has really happened to its grant.</summary>
internal sealed class SeedConnection(string subject)
{
    public string Subject { get; } = subject;

    public ConnectionId Id { get; private set; }

    public string GrantId { get; private set; } = "";

    /// <summary>The user withdrew consent at the provider.</summary>
    public bool HasEnded { get; set; }

    /// <summary>An operator said that the user has to connect again.</summary>
    public bool AskedToReconnect { get; set; }

    /// <summary>How often an operator had it tried whatever is known about it.</summary>
    public int Forced { get; set; }

    /// <summary>An answer that may have held the only copy of a refresh token reached nobody.</summary>
    public bool HasLost { get; private set; }

    /// <summary>The provider has forgotten a refresh token that it gave.</summary>
    public bool IsForgotten { get; private set; }

    /// <summary>Grant number and version last seen.</summary>
    public (int GrantNo, int Version) Seen { get; set; }

    public int VersionWhenCalm { get; set; }

    /// <summary>Newest version that each worker has handed out.</summary>
    public Dictionary<string, int> Served { get; } = [];

    public void Lost() => HasLost = true;

    public void Forgotten() => IsForgotten = true;

    public void BeginGrant(ConnectionId id, string grantId)
    {
        (Id, GrantId, HasEnded, AskedToReconnect, HasLost, IsForgotten, Forced) = (id, grantId, false, false, false, false, 0);
        Served.Clear();
    }
}

/// <summary>What a run found.</summary>
public sealed class SeedFailureException(string message) : Exception(message);
