using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Rekindle.AspNetCore.Http;

/// <summary>What an endpoint answers: JSON, nothing, or a stream.</summary>
internal sealed class ApiAnswer
{
    private readonly object? _value;
    private readonly Func<HttpContext, Task>? _write;

    private ApiAnswer(int status, object? value, Func<HttpContext, Task>? write = null) => (Status, _value, _write) = (status, value, write);

    public int Status { get; }

    /// <summary>Code of the problem, when it is one.</summary>
    public string? Code => (_value as Wire.Problem)?.Code;

    /// <summary>Where the thing that was made can be found.</summary>
    public string? Location { get; init; }

    /// <summary>The endpoint has written the answer itself.</summary>
    public static ApiAnswer Written { get; } = new(StatusCodes.Status200OK, null);

    /// <summary>An answer that was given before.</summary>
    public static ApiAnswer Again(int status, string? location, byte[] body) => new(status, null, http =>
    {
        http.Response.Headers["Idempotency-Replayed"] = "true";
        return new ApiAnswer(status, body.Length == 0 ? null : body) { Location = location }.WriteAsync(http, body);
    });

    public static ApiAnswer NoContent { get; } = new(StatusCodes.Status204NoContent, null);

    public static ApiAnswer Ok(object value) => new(StatusCodes.Status200OK, value);

    public static ApiAnswer Created(object value, string location) => new(StatusCodes.Status201Created, value) { Location = location };

    public static ApiAnswer Of(int status, object value) => new(status, value);

    public static ApiAnswer Problem(Wire.Problem problem) => new(problem.Status, problem);

    /// <summary>Writes the answer itself, status and headers included.</summary>
    public static ApiAnswer Stream(Func<HttpContext, Task> write) => new(StatusCodes.Status200OK, null, write);

    /// <summary>The body as bytes; empty when there is none.</summary>
    public byte[] ToBytes()
    {
        if (_value is null)
        {
            return [];
        }

        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, ApiJson.Writing);
        JsonSerializer.Serialize(json, _value, ApiJson.Default.GetTypeInfo(_value.GetType())!);
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    public async Task WriteAsync(HttpContext http)
    {
        if (_write is not null)
        {
            await _write(http).ConfigureAwait(false);
            return;
        }

        await WriteAsync(http, ToBytes()).ConfigureAwait(false);
    }

    public async Task WriteAsync(HttpContext http, byte[] body)
    {
        var response = http.Response;
        response.StatusCode = Status;
        if (Location is not null)
        {
            response.Headers.Location = Location;
        }

        if (_value is Wire.Problem { RetryAfterSeconds: { } seconds })
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (body.Length == 0)
        {
            return;
        }

        response.ContentType = _value is Wire.Problem ? "application/problem+json" : "application/json";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }
}
