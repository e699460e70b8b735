using System.ComponentModel.DataAnnotations;

namespace Rekindle.Telemetry;

/// <summary>A monitor elsewhere that is told of every completed worker cycle: a dead worker cannot report itself.</summary>
public sealed class PingOptions
{
    /// <summary>Address to ask, http or https; it may carry a secret and is never logged. Default none: nobody is told.</summary>
    public Uri? Url { get; set; }

    /// <summary>How to ask: <c>get</c> (default) or <c>post</c>, without body.</summary>
    public PingMethod Method { get; set; } = PingMethod.Get;

    /// <summary>Least time between two pings. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(60);

    internal IEnumerable<string> Mistakes()
    {
        if (Url is not null && !(Url.IsAbsoluteUri && Url.Scheme is "http" or "https"))
        {
            yield return "Ping:Url must be an absolute http or https address.";
        }
    }
}

/// <summary>How a monitor is asked.</summary>
public enum PingMethod
{
    /// <summary>GET.</summary>
    Get,

    /// <summary>POST, without body.</summary>
    Post,
}
