using Rekindle.Encryption;

namespace Rekindle.Providers;

/// <summary>The operator's OAuth client while it is in memory: what a request proves itself with.</summary>
/// <param name="ClientId">Client id; empty counts as missing.</param>
/// <param name="ClientSecret">Client secret; null for public clients and signed client authentication.</param>
public sealed record ClientCredentials(string ClientId, Secret? ClientSecret = null)
{
    /// <summary>PEM private key (RSA or EC P-256) for <c>private_key_jwt</c> and for a signed JWT sent as the secret.</summary>
    public Secret? PrivateKeyPem { get; init; }

    /// <summary><c>kid</c> in the header of a signed assertion; null: none.</summary>
    public string? KeyId { get; init; }

    /// <summary>Claims of a signed assertion that replace or add to the usual ones (Apple: <c>iss</c> is the team id).</summary>
    public IReadOnlyDictionary<string, string> KeyClaims { get; init; } = new Dictionary<string, string>();
}
