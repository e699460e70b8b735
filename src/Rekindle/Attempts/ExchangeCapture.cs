using System.Text;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Attempts;

/// <summary>
/// What an attempt keeps of an exchange (D1), as JSON: redacted by allow-list, and then scrubbed of every secret that was sent or
/// came back (I13). Names and shapes are kept; what is zero, false or not there is left out.
/// </summary>
/// <remarks>
/// Of a request: <c>method</c>, <c>url</c> without its query, <c>headers</c>, <c>parameters</c> of query and body, <c>content_type</c>,
/// <c>content_length</c>, and <c>synthetic</c> when nothing was sent. Of an answer: <c>status</c>, <c>headers</c>, <c>content_type</c>,
/// <c>body_length</c>, <c>truncated</c>, <c>body_kind</c>, <c>body_fingerprint</c> of a body without fields, <c>text</c>, <c>fields</c> by
/// path, and <c>fields_omitted</c>, how many more there were.
/// </remarks>
internal static class ExchangeCapture
{
    private const int MaxFingerprinted = 64 * 1024;

    /// <summary>A request that was refused before HTTP, with placeholders for what is missing.</summary>
    public static string OfRequest(TokenRequest request, Fingerprinter fingerprinter)
    {
        using var record = RecordJson.Begin();
        return Request(new(record, fingerprinter, new SecretScrubber(request.Secrets)), request);
    }

    /// <summary>An exchange.</summary>
    /// <param name="provider">Says which of the answer's fields are tokens.</param>
    /// <param name="request">What was sent.</param>
    /// <param name="result">What became of it.</param>
    /// <param name="fingerprinter">For the values that are withheld.</param>
    public static (string Request, string? Response) Of(
        ProviderDefinition provider, TokenRequest request, ExchangeResult result, Fingerprinter fingerprinter)
    {
        if (result.Answer is not { } answer)
        {
            return (OfRequest(request, fingerprinter), null);
        }

        using var document = AnswerDocument.Parse(answer.Body, answer.Truncated);
        var tokens = FoundTokens.In(document, provider.Response);
        var scrubber = new SecretScrubber([.. request.Secrets, .. tokens.All]);
        using var record = RecordJson.Begin();
        var values = new CaptureWriter(record, fingerprinter, scrubber);
        return (Request(values, request), Answer(values, provider, answer, document, tokens));
    }

    private static string Request(CaptureWriter values, TokenRequest request)
    {
        var json = values.Json;
        json.WriteStartObject();
        json.WriteString("method"u8, request.Method);
        json.WriteString("url"u8, values.Scrub(request.Uri.GetLeftPart(UriPartial.Path)));
        values.Headers(request.Headers);
        json.WriteStartArray("parameters"u8);
        for (var i = 0; i < request.Parameters.Count; i++)
        {
            Write(values, request.Parameters[i], request);
        }

        json.WriteEndArray();
        if (request.ContentType is { } contentType)
        {
            json.WriteString("content_type"u8, contentType);
        }

        if (request.Content.Length > 0)
        {
            json.WriteNumber("content_length"u8, request.Content.Length);
        }

        if (request.IsSynthetic)
        {
            json.WriteBoolean("synthetic"u8, true);
        }

        json.WriteEndObject();
        return values.Take();
    }

    private static void Write(CaptureWriter values, RequestParameter parameter, TokenRequest request)
    {
        if (parameter.Secret is { } secret && parameter.Name == request.TokenParameter)
        {
            values.Token(parameter.Name, secret);
        }
        else if (parameter.Secret is { } other)
        {
            values.Withhold(parameter.Name, "secret", other);
        }
        else if (parameter.IsPlaceholder || CaptureAllowList.ShowsParameter(parameter.Name))
        {
            values.Show(parameter.Name, "text", values.Clean(parameter.Text) ?? "");
        }
        else
        {
            values.Withhold(parameter.Name, "text", parameter.Text ?? "");
        }
    }

    private static string Answer(
        CaptureWriter values, ProviderDefinition provider, ProviderAnswer answer, AnswerDocument document, FoundTokens tokens)
    {
        var json = values.Json;
        json.WriteStartObject();
        json.WriteNumber("status"u8, answer.Status);
        values.Headers(answer.Headers);
        if (values.Clean(answer.ContentType) is { } contentType)
        {
            json.WriteString("content_type"u8, contentType);
        }

        if (!answer.Body.IsEmpty)
        {
            json.WriteNumber("body_length"u8, answer.Body.Length);
        }

        if (answer.Truncated)
        {
            json.WriteBoolean("truncated"u8, true);
        }

        json.WriteString("body_kind"u8, document.Kind.ToString().ToLowerInvariant());
        if (!document.HasFields && !answer.Body.IsEmpty)
        {
            json.WriteString("body_fingerprint"u8, values.Fingerprint(new Secret(Encoding.Latin1.GetString(answer.Body.Span[..Math.Min(answer.Body.Length, MaxFingerprinted)]))));
        }

        // The text of a success that is none may be the token itself.
        if (!answer.IsSuccessStatus && values.Clean(document.Text, ProviderText.MaxLength) is { } text)
        {
            json.WriteString("text"u8, text);
        }

        var fields = new BodyCapture(provider, tokens, values);
        json.WriteStartArray("fields"u8);
        document.Visit(fields.Add);
        json.WriteEndArray();
        if (fields.Omitted > 0)
        {
            json.WriteNumber("fields_omitted"u8, fields.Omitted);
        }

        json.WriteEndObject();
        return values.Take();
    }
}
