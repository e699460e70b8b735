using System.Collections.Concurrent;
using Rekindle.Connections;

namespace Rekindle.Refresh;

/// <summary>
/// Weighs errors across the connections of one integration (F2): one connection alone never halts it unless the
/// provider's code says outright that the client is wrong, and any success in between acquits client and provider. Kept in this
/// process's memory; the verdict it leads to is guarded by the integration's config version in the store.
/// </summary>
internal sealed class IntegrationEvidence
{
    private const int ClientErrorsAgree = 2;
    private const int RejectionsAgree = 3;
    private const int UnclassifiedAgree = 3;
    private const int UnavailableAgree = 3;

    private readonly ConcurrentDictionary<int, Suspicion> _byIntegration = new();

    /// <summary>Notes an answer. True when it is the integration that is to blame.</summary>
    public bool Note(int integrationId, int configVersion, ConnectionId connection, Classified result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var suspicion = _byIntegration.GetOrAdd(integrationId, static _ => new Suspicion());
        lock (suspicion)
        {
            if (suspicion.ConfigVersion != configVersion)
            {
                suspicion.Clear(configVersion);
            }

            switch (result.Class)
            {
                case RefreshClass.Success:
                    suspicion.Clear(configVersion);
                    return false;
                case RefreshClass.ClientCredentialsMissing:
                    return true;
                case RefreshClass.ClientMisconfigured:
                    suspicion.ClientErrors.Add(connection);
                    return result.HaltsAtOnce || suspicion.ClientErrors.Count >= ClientErrorsAgree;
                case RefreshClass.RequestRejected:
                    suspicion.Rejections.Add(connection);
                    return suspicion.Rejections.Count >= RejectionsAgree;
                case RefreshClass.Unclassified:
                    suspicion.Unclassified.Add(connection);
                    return suspicion.Unclassified.Count >= UnclassifiedAgree;
                case RefreshClass.ProviderUnavailable or RefreshClass.Network or RefreshClass.OutcomeUnknown:
                    suspicion.Unavailable.Add(connection);
                    return suspicion.Unavailable.Count >= UnavailableAgree;
                default:
                    return false;
            }
        }
    }

    private sealed class Suspicion
    {
        public int ConfigVersion { get; private set; }

        public HashSet<ConnectionId> ClientErrors { get; } = [];

        public HashSet<ConnectionId> Rejections { get; } = [];

        public HashSet<ConnectionId> Unclassified { get; } = [];

        public HashSet<ConnectionId> Unavailable { get; } = [];

        public void Clear(int configVersion)
        {
            ConfigVersion = configVersion;
            ClientErrors.Clear();
            Rejections.Clear();
            Unclassified.Clear();
            Unavailable.Clear();
        }
    }
}
