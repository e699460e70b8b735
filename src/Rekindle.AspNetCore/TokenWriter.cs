using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rekindle.AspNetCore.Http;
using Rekindle.Connections;

namespace Rekindle.AspNetCore;

/// <summary>Writes <see cref="Wire.Token"/> straight into the response: the one answer that is given thousands of times a second.</summary>
#pragma warning disable CA1001 // The JSON writer holds nothing but the buffer, and both live as long as their thread.
internal sealed class TokenWriter
#pragma warning restore CA1001
{
    private const int LargestKept = 16 * 1024;

    [ThreadStatic]
    private static TokenWriter? _ofThread;

    private readonly ArrayBufferWriter<byte> _buffer = new(2048);
    private readonly Utf8JsonWriter _json;

    private TokenWriter() => _json = new Utf8JsonWriter(_buffer, ApiJson.Writing);

    /// <summary>Sets status and headers and puts the body into the response's writer; flushing is the caller's.</summary>
    public static void Write(HttpResponse response, AccessToken token, TokenWarnings warnings, DateTimeOffset now)
    {
        var writer = _ofThread ??= new TokenWriter();
        writer.WriteBody(token, warnings, now);
        var body = writer._buffer.WrittenSpan;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body);

        // No token stays behind in a buffer of ours.
        writer._buffer.Clear();
        if (writer._buffer.Capacity > LargestKept)
        {
            _ofThread = null;
        }
    }

    private void WriteBody(AccessToken token, TokenWarnings warnings, DateTimeOffset now)
    {
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteString("access_token"u8, token.Value.Reveal());
        _json.WriteString("token_type"u8, token.TokenType);
        if (token.ExpiresAt is { } end)
        {
            _json.WriteString("expires_at"u8, end);
            _json.WriteNumber("expires_in"u8, Math.Max(0, (long)(end - now).TotalSeconds));
        }

        _json.WriteString("scope"u8, token.Scopes.Count == 0 ? "" : string.Join(' ', token.Scopes));
        _json.WriteNumber("version"u8, token.Version);
        _json.WriteString("connection_id"u8, token.ConnectionId.ToString());
        _json.WriteStartArray("warnings"u8);
        WriteWarning(warnings, TokenWarnings.MinValidNotMet, "min_valid_not_met"u8);
        WriteWarning(warnings, TokenWarnings.NeedsReauthorization, "needs_reauthorization"u8);
        WriteWarning(warnings, TokenWarnings.Stale, "stale"u8);
        _json.WriteEndArray();
        _json.WriteBoolean("min_valid_met"u8, !warnings.HasFlag(TokenWarnings.MinValidNotMet));
        _json.WriteBoolean("stale"u8, warnings.HasFlag(TokenWarnings.Stale));
        _json.WriteEndObject();
        _json.Flush();
    }

    private void WriteWarning(TokenWarnings present, TokenWarnings warning, ReadOnlySpan<byte> word)
    {
        if ((present & warning) != 0)
        {
            _json.WriteStringValue(word);
        }
    }
}
