using System.ComponentModel.DataAnnotations;

namespace Rekindle.Server.Telemetry;

/// <summary>Export of metrics and traces by OTLP. Off until <see cref="Endpoint"/> is set.</summary>
public sealed class OtlpSettings
{
    /// <summary>The collector: <c>http://collector:4318</c> with HTTP, <c>http://collector:4317</c> with gRPC. Default none: nothing is exported.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary><c>http</c> (default; protobuf, the paths <c>/v1/metrics</c> and <c>/v1/traces</c> are appended) or <c>grpc</c>.</summary>
    public OtlpTransport Protocol { get; set; } = OtlpTransport.Http;

    /// <summary>Headers of every request, <c>name=value,name=value</c>: for a collector that wants a token. Never logged. Default none.</summary>
    public string? Headers { get; set; }

    /// <summary>Time between two exports of metrics. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an export may take. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Also export a span per refresh. Default true.</summary>
    public bool Traces { get; set; } = true;

    /// <summary>What is wrong; empty when all is well.</summary>
    internal IEnumerable<string> Mistakes()
    {
        if (Endpoint is not null && !(Endpoint.IsAbsoluteUri && Endpoint.Scheme is "http" or "https"))
        {
            yield return "Rekindle:Otlp:Endpoint must be an absolute http or https address.";
        }

        if (Headers is { Length: > 0 } headers && !headers.Split(',').All(h => h.IndexOf('=', StringComparison.Ordinal) > 0))
        {
            yield return "Rekindle:Otlp:Headers must be name=value, separated by commas.";
        }

        var results = new List<ValidationResult>();
        Validator.TryValidateObject(this, new ValidationContext(this), results, validateAllProperties: true);
        foreach (var result in results)
        {
            yield return $"Rekindle:Otlp:{string.Join(',', result.MemberNames)}: {result.ErrorMessage}";
        }
    }
}

/// <summary>How OTLP travels.</summary>
public enum OtlpTransport
{
    /// <summary>HTTP with protobuf.</summary>
    Http,

    /// <summary>gRPC, over HTTP/2.</summary>
    Grpc,
}
