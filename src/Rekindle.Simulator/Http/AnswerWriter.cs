using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Http;

/// <summary>The values of one successful token answer.</summary>
internal sealed record TokenAnswer
{
    public required string AccessToken { get; init; }

    public required DateTimeOffset Now { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The refresh token that counts from now on.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Whether <see cref="RefreshToken"/> is one the client does not have yet.</summary>
    public bool IsNewRefreshToken { get; init; }

    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];

    public string? IdToken { get; init; }

    public override string ToString() => nameof(TokenAnswer);
}

/// <summary>Writes a token answer in the shape a server gives it.</summary>
internal static class AnswerWriter
{
    public static Answer Write(AnswerShape shape, TokenAnswer answer, bool acceptsJson)
    {
        var asForm = shape.Format == AnswerFormat.Form || (shape.Format == AnswerFormat.FormUnlessJsonAccepted && !acceptsJson);
        var body = asForm ? WriteForm(shape, answer) : WriteJson(shape, answer);
        return new Answer(shape.Status, body, shape.ContentType ?? (asForm ? "application/x-www-form-urlencoded" : "application/json"))
            .With("Cache-Control", "no-store");
    }

    private static byte[] WriteJson(AnswerShape shape, TokenAnswer answer)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (shape.Extra is { } extra)
        {
            foreach (var member in extra.EnumerateObject())
            {
                member.WriteTo(json);
            }
        }

        if (shape.Envelope is { } envelope)
        {
            json.WriteStartObject(envelope);
        }

        foreach (var (name, value) in Fields(shape, answer))
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }

        if (shape.Envelope is not null)
        {
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number:
                json.WriteRawValue(number.ToString("0.0##", CultureInfo.InvariantCulture));
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }

    private static byte[] WriteForm(AnswerShape shape, TokenAnswer answer)
    {
        var pairs = Fields(shape, answer)
            .Select(field => (field.Name, Text: Convert.ToString(field.Value, CultureInfo.InvariantCulture) ?? ""))
            .Select(field => $"{Uri.EscapeDataString(field.Name)}={Uri.EscapeDataString(field.Text)}");
        return Encoding.ASCII.GetBytes(string.Join('&', pairs));
    }

    private static IEnumerable<(string Name, object? Value)> Fields(AnswerShape shape, TokenAnswer answer)
    {
        yield return (shape.AccessTokenField, answer.AccessToken);
        yield return ("token_type", shape.TokenType);
        if (answer.ExpiresAt is { } expiry && shape.Expiry != ExpiryForm.Absent)
        {
            yield return (shape.ExpiryField, Write(shape.Expiry, expiry, answer.Now));
        }

        if (answer.RefreshToken is not null && (answer.IsNewRefreshToken || shape.Unrotated != UnrotatedRefreshToken.Absent))
        {
            yield return (shape.RefreshTokenField, RefreshTokenValue(shape, answer));
        }

        if (answer.RefreshTokenExpiresAt is { } ends && shape.RefreshTokenExpiryField is { } field)
        {
            yield return (field, (long)(ends - answer.Now).TotalSeconds);
        }

        if (shape.ScopeSeparator is { } separator)
        {
            yield return ("scope", string.Join(separator, answer.Scopes));
        }

        if (answer.IdToken is not null)
        {
            yield return ("id_token", answer.IdToken);
        }
    }

    private static string? RefreshTokenValue(AnswerShape shape, TokenAnswer answer) => shape.Unrotated switch
    {
        UnrotatedRefreshToken.Null when !answer.IsNewRefreshToken => null,
        UnrotatedRefreshToken.Empty when !answer.IsNewRefreshToken => "",
        _ => answer.RefreshToken,
    };

    private static object Write(ExpiryForm form, DateTimeOffset expiry, DateTimeOffset now)
    {
        var left = expiry - now;
        return form switch
        {
            ExpiryForm.SecondsAsText => ((long)left.TotalSeconds).ToString(CultureInfo.InvariantCulture),
            ExpiryForm.SecondsAsFraction => left.TotalSeconds,
            ExpiryForm.Milliseconds => (long)left.TotalMilliseconds,
            ExpiryForm.UnixSeconds => expiry.ToUnixTimeSeconds(),
            ExpiryForm.UnixMilliseconds => expiry.ToUnixTimeMilliseconds(),
            ExpiryForm.Iso8601 => expiry.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            _ => (long)left.TotalSeconds,
        };
    }
}
