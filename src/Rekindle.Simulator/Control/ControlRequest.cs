using System.Globalization;
using System.Text.Json;

namespace Rekindle.Simulator.Control;

/// <summary>A request to the control API: its path, query and body, read with mistakes named.</summary>
internal readonly struct ControlRequest(HttpContext context, SimulatorHost host)
{
    public SimulatorHost Host => host;

    /// <summary>The server its path names.</summary>
    public AuthorizationServer Server => host.Require(Path("name"));

    public CancellationToken Aborted => context.RequestAborted;

    public string Path(string name) => (string)context.Request.RouteValues[name]!;

    public string? Query(string name) => context.Request.Query[name];

    public T Query<T>(string name, T otherwise)
        where T : IParsable<T>
    {
        if (Query(name) is not { } text)
        {
            return otherwise;
        }

        return T.TryParse(text, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new ArgumentException($"'{text}' is no value for {name}.");
    }

    /// <summary>The body; an absent one reads as an empty object.</summary>
    public async ValueTask<T> ReadAsync<T>()
    {
        var hasBody = context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0;
        return (hasBody
            ? await JsonSerializer.DeserializeAsync<T>(context.Request.Body, ControlJson.Options, Aborted)
            : JsonSerializer.Deserialize<T>("{}", ControlJson.Options)) ?? throw new ArgumentException("The body must be a JSON object.");
    }
}
