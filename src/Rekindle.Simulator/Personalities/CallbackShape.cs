namespace Rekindle.Simulator.Personalities;

/// <summary>What the authorization answer carries beside <c>code</c> or <c>error</c>, and <c>state</c>.</summary>
public sealed record CallbackShape
{
    /// <summary>Whether it names its issuer in <c>iss</c> (RFC 9207).</summary>
    public bool NamesIssuer { get; init; } = true;

    /// <summary>An issuer to name in place of the server's own; null: its own.</summary>
    public string? Issuer { get; init; }

    /// <summary>Parameters more: Zoho's <c>location</c>, Shopify's <c>shop</c>. Null: none.</summary>
    public IReadOnlyDictionary<string, string>? Extra { get; init; }

    /// <summary>Whether it carries <c>timestamp</c> and, as Shopify's does, an <c>hmac</c> of the sorted parameters under the client's secret.</summary>
    public bool HasHmac { get; init; }
}
