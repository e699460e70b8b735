using System.Buffers;

namespace Rekindle.Refresh;

/// <summary>Takes an HTTP answer off the wire, bounded. A body that breaks off leaves what came before it.</summary>
internal static class AnswerBody
{
    private const int MaxHeaders = 64;
    private const int MaxHeaderValue = 1024;
    private const int FirstBuffer = 4096;

    public static async ValueTask<(ProviderAnswer Answer, Exception? Broken)> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var (body, isCut, broken) = await ReadAsync(response.Content.ReadAsStream(CancellationToken.None), cancellationToken).ConfigureAwait(false);
        if (CodingOf(response) is { } coding && ContentCoding.Unpack(coding, body) is { } unpacking)
        {
            await using (unpacking.ConfigureAwait(false))
            {
                (body, var isLonger, var damage) = await ReadAsync(unpacking, cancellationToken).ConfigureAwait(false);
                (isCut, broken) = (isCut || isLonger, broken ?? damage);
            }
        }

        return (ToAnswer(response, body, truncated: isCut || broken is not null), broken);
    }

    private static string? CodingOf(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Encoding", out var codings) ? codings.ToString() : null;

    private static async ValueTask<(byte[] Body, bool IsCut, Exception? Broken)> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        var length = 0;
        Exception? broken = null;
        try
        {
            while (length <= ProviderAnswer.MaxBodyBytes)
            {
                if (length == buffer.Length)
                {
                    buffer = Grow(buffer);
                }

                var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                length += read;
            }
        }
        catch (Exception exception)
        {
            broken = exception;
        }

        var body = buffer.AsSpan(0, Math.Min(length, ProviderAnswer.MaxBodyBytes)).ToArray();
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        return (body, length > ProviderAnswer.MaxBodyBytes, broken);
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 4);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        return larger;
    }

    private static ProviderAnswer ToAnswer(HttpResponseMessage response, byte[] body, bool truncated)
    {
        var headers = new List<KeyValuePair<string, string>>();
        string? contentType = null;
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            Add(headers, name, values.ToString());
        }

        foreach (var (name, values) in response.Content.Headers.NonValidated)
        {
            Add(headers, name, values.ToString());
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
            {
                contentType = Bounded(values.ToString());
            }
        }

        return new ProviderAnswer
        {
            Status = (int)response.StatusCode,
            Headers = headers,
            ContentType = contentType,
            Body = body,
            Truncated = truncated,
        };
    }

    private static void Add(List<KeyValuePair<string, string>> headers, string name, string value)
    {
        if (headers.Count < MaxHeaders)
        {
            headers.Add(new(name, Bounded(value)));
        }
    }

    private static string Bounded(string value) => value.Length <= MaxHeaderValue ? value : value[..MaxHeaderValue];
}
