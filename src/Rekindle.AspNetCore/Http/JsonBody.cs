using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Rekindle.AspNetCore.Http;

/// <summary>A request's body: bounded, read once, and turned into a wire type only when every field of it is right.</summary>
internal readonly struct JsonBody
{
    /// <summary>Longest body, in bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    private const int MaxDepth = 16;

    private JsonBody(ReadOnlyMemory<byte> bytes, bool isJson) => (Bytes, IsJson) = (bytes, isJson);

    public ReadOnlyMemory<byte> Bytes { get; }

    private bool IsJson { get; }

    /// <exception cref="BadHttpRequestException">It is too long, or the client broke off.</exception>
    public static async ValueTask<JsonBody> ReadAsync(HttpContext http)
    {
        var request = http.Request;
        // The server's own, larger limit stands: it reads the rest of a body away, so that our answer reaches a client that is still sending.
        if (request.ContentLength > MaxBytes)
        {
            throw new BadHttpRequestException("", StatusCodes.Status413PayloadTooLarge);
        }

        var isJson = request.HasJsonContentType();
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(http.RequestAborted).ConfigureAwait(false);
            if (read.Buffer.Length > MaxBytes)
            {
                throw new BadHttpRequestException("", StatusCodes.Status413PayloadTooLarge);
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return new JsonBody(bytes, isJson);
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>The body as a type; null and mistakes when it is not one.</summary>
    public T? As<T>(bool optional, Mistakes mistakes)
        where T : class
    {
        if (Bytes.Length == 0)
        {
            if (!optional)
            {
                mistakes.Add("", "the body is missing: send a JSON object.");
            }

            return null;
        }

        if (!IsJson)
        {
            throw new BadHttpRequestException("", StatusCodes.Status415UnsupportedMediaType);
        }

        var type = ApiJson.Default.GetTypeInfo(typeof(T))!;
        try
        {
            using var document = JsonDocument.Parse(Bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = MaxDepth });
            return JsonShape.Fits(document.RootElement, type, mistakes) ? (T?)document.RootElement.Deserialize(type) : null;
        }
        catch (JsonException e)
        {
            // The reader's own message may quote what it met, which may be a token: only the place is passed on.
            mistakes.Add("", e.Message.Contains("uplicate", StringComparison.Ordinal)
                ? "the body names a field twice."
                : $"the body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}).");
            return null;
        }
    }
}
