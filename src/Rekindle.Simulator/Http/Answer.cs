using System.Text;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Http;

/// <summary>An HTTP answer before it is sent.</summary>
internal sealed record Answer(int Status, ReadOnlyMemory<byte> Body, string? ContentType)
{
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public static Answer Json(int status, ReadOnlyMemory<byte> body) => new(status, body, "application/json");

    public static Answer Html(int status, string page) => new(status, Encoding.UTF8.GetBytes(page), "text/html; charset=utf-8");

    public static Answer Empty(int status) => new(status, default, null);

    public static Answer Redirect(string to) => Empty(StatusCodes.Status302Found).With("Location", to);

    public static Answer From(ErrorAnswer error) => new(error.Status, Encoding.UTF8.GetBytes(error.Body), error.ContentType);

    public Answer With(string header, string value) => this with { Headers = [.. Headers, new(header, value)] };
}
