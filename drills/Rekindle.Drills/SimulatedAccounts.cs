using Rekindle.Client;
using Rekindle.Simulator;
using Rekindle.Simulator.Grants;

namespace Rekindle.Drills;

/// <summary>Integrations and connections of simulated providers, as a drill sets them up over the API.</summary>
internal static class SimulatedAccounts
{
    /// <summary>Waits of seconds where production has minutes.</summary>
    public static IntegrationPolicy Hasty { get; } =
        new() { InDoubtHoldSeconds = 2, ConfirmationDelaySeconds = 1, BackoffBaseSeconds = 1, BackoffCeilingSeconds = 2 };

    /// <summary>An integration with the client that every simulated provider knows.</summary>
    public static NewIntegration IntegrationOf(AuthorizationServer provider, string key, IntegrationPolicy policy)
    {
        var registered = RegisteredClient.Default;
        return new NewIntegration
        {
            Key = key,
            Provider = CatalogueEntry.KeyOf(provider),
            ClientId = registered.Id,
            ClientSecret = registered.Secrets[0],
            Policy = policy,
        };
    }

    /// <summary>The import of a grant.</summary>
    public static ImportConnection ImportOf(IssuedGrant grant, string integration) => new()
    {
        Integration = integration,
        Subject = grant.Subject,
        AccessToken = grant.AccessToken,
        RefreshToken = grant.RefreshToken,
        ExpiresAt = grant.ExpiresAt,
        ProviderAccountId = grant.Subject,
    };
}
