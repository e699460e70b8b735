using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Connections;

/// <summary>What a connection's present state says about who can mend it.</summary>
public static class ConnectionDiagnosis
{
    /// <summary>Who has to act; null: nothing is wrong with it.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="entry">Its integration; null: not known.</param>
    /// <param name="now">The time.</param>
    public static WhoActs? WhoActs(Connection connection, IntegrationEntry? entry, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return TokenErrors.OfStatus(connection)?.WhoActs
            ?? (entry is null ? null : TokenErrors.OfIntegration(connection, entry, now)?.WhoActs)
            ?? (connection.LastRefreshError is null ? null : TokenErrors.OfLastFailure(connection, now).WhoActs);
    }
}
