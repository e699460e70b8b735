using System.ComponentModel.DataAnnotations;
using Rekindle.Providers;

namespace Rekindle.Connect;

/// <summary>Connecting accounts by browser. Section <c>Rekindle:Connect</c>.</summary>
public sealed class ConnectOptions
{
    /// <summary>
    /// Address under which browsers reach the connect pages, a path included if there is one: <c>https://tokens.example.com</c>. Links
    /// and the redirect addresses registered at providers begin with it. Default none: then the address of the request is used, if it is
    /// loopback, and connecting is refused otherwise.
    /// </summary>
    public string? PublicUrl { get; set; }

    /// <summary>How long the link of a connect session can be used. 1 minute to 7 days; default 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan LinkLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a reconnect link can be used: it travels by e-mail. 1 minute to 30 days; default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan ReconnectLinkLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long the operator's backend has to complete a connection after the browser came back. 1 minute to 1 day; default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan CompletionLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>What the attributes cannot say; each mistake with the setting's name.</summary>
    internal IEnumerable<string> Mistakes()
    {
        if (PublicUrl is { } url && (!UrlTemplate.TryAbsolute(url, allowsInsecure: true, out var parsed) || parsed.Query.Length > 0))
        {
            yield return "Connect:PublicUrl must be a complete https:// address without query (http:// only for loopback), such as https://tokens.example.com.";
        }
    }
}
