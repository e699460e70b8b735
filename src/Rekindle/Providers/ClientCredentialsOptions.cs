namespace Rekindle.Providers;

/// <summary>Client credentials from configuration, for integrations whose record carries none (E4).</summary>
public sealed class ClientCredentialsOptions
{
    /// <summary><c>environment/integration</c>, or just <c>integration</c> for every environment, to credentials.</summary>
    public Dictionary<string, ConfiguredClient> Clients { get; } = new(StringComparer.Ordinal);

    /// <summary>The credentials for an integration; null: none are configured.</summary>
    public ConfiguredClient? For(string environment, string integration) =>
        Clients.GetValueOrDefault($"{environment}/{integration}") ?? Clients.GetValueOrDefault(integration);
}

/// <summary>One client's credentials in configuration.</summary>
public sealed class ConfiguredClient
{
    /// <summary>Client id.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>Client secret.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>PEM private key for signed client authentication.</summary>
    public string? PrivateKeyPem { get; set; }

    /// <summary><c>kid</c> of that key.</summary>
    public string? KeyId { get; set; }
}
