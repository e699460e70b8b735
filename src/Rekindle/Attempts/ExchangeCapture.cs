using System.Text;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Attempts;

/// <summary>
/// What an attempt keeps of an exchange (D1): redacted by allow-list, and then scrubbed of every secret that was sent or
/// came back (I13).
/// </summary>
public static class ExchangeCapture
{
    private const int MaxValue = 300;
    private const int MaxFingerprinted = 64 * 1024;

    /// <summary>Captures a request that was refused before HTTP.</summary>
    public static RequestCapture OfRequest(TokenRequest request, Fingerprinter fingerprinter)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(fingerprinter);
        return Capture(request, fingerprinter, new SecretScrubber(request.Secrets));
    }

    /// <summary>Captures an exchange.</summary>
    /// <param name="provider">Says which of the answer's fields are tokens.</param>
    /// <param name="request">What was sent.</param>
    /// <param name="result">What became of it.</param>
    /// <param name="fingerprinter">For the values that are withheld.</param>
    public static (RequestCapture Request, ResponseCapture? Response) Of(
        ProviderDefinition provider, TokenRequest request, ExchangeResult result, Fingerprinter fingerprinter)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(fingerprinter);
        if (result.Answer is not { } answer)
        {
            return (OfRequest(request, fingerprinter), null);
        }

        using var document = AnswerDocument.Parse(answer.Body, answer.Truncated);
        var scrubber = new SecretScrubber([.. request.Secrets, .. FoundTokens.In(document, provider.Response).All]);
        return (Capture(request, fingerprinter, scrubber), Capture(provider, answer, document, fingerprinter, scrubber));
    }

    private static RequestCapture Capture(TokenRequest request, Fingerprinter fingerprinter, SecretScrubber scrubber) => new()
    {
        Method = request.Method,
        Url = scrubber.Scrub(request.Uri.GetLeftPart(UriPartial.Path)),
        Headers = [.. request.Headers.Select(header => CaptureHeader(header, fingerprinter, scrubber))],
        Parameters = [.. request.Parameters.Select(parameter => new CapturedField(parameter.Name, Capture(parameter, request, fingerprinter, scrubber)))],
        ContentType = request.ContentType,
        ContentLength = request.Content.Length,
        Synthetic = request.IsSynthetic,
    };

    private static CapturedValue Capture(RequestParameter parameter, TokenRequest request, Fingerprinter fingerprinter, SecretScrubber scrubber)
    {
        if (parameter.Secret is { } secret)
        {
            return parameter.Name == request.TokenParameter
                ? CapturedValue.Token(secret, fingerprinter)
                : CapturedValue.Withheld("secret", secret, fingerprinter);
        }

        return parameter.IsPlaceholder || CaptureAllowList.ShowsParameter(parameter.Name)
            ? CapturedValue.Shown("text", ProviderText.Clean(parameter.Text, scrubber, MaxValue) ?? "")
            : WithheldText(parameter.Text ?? "", fingerprinter);
    }

    private static ResponseCapture Capture(
        ProviderDefinition provider, ProviderAnswer answer, AnswerDocument document, Fingerprinter fingerprinter, SecretScrubber scrubber)
    {
        var fields = new BodyCapture(provider, fingerprinter, scrubber, MaxValue);
        document.Visit(fields.Add);
        return new ResponseCapture
        {
            Status = answer.Status,
            Headers = [.. answer.Headers.Select(header => CaptureHeader(header, fingerprinter, scrubber))],
            ContentType = ProviderText.Clean(answer.ContentType, scrubber, MaxValue),
            BodyLength = answer.Body.Length,
            Truncated = answer.Truncated,
            BodyKind = document.Kind.ToString().ToLowerInvariant(),
            BodyFingerprint = fields.Fields.Count == 0 && !answer.Body.IsEmpty ? FingerprintOf(answer.Body.Span, fingerprinter) : null,
            // The text of a success that is none may be the token itself.
            Text = answer.IsSuccessStatus ? null : ProviderText.Clean(document.Text, scrubber),
            Fields = fields.Fields,
            FieldsOmitted = fields.Omitted,
        };
    }

    private static CapturedField CaptureHeader(KeyValuePair<string, string> header, Fingerprinter fingerprinter, SecretScrubber scrubber)
    {
        var name = scrubber.Scrub(header.Key);
        if (CaptureAllowList.ShowsHeader(header.Key))
        {
            return new(name, CapturedValue.Shown("text", ProviderText.Clean(header.Value, scrubber, MaxValue) ?? ""));
        }

        // Which kind of authentication was used is worth knowing, and is no secret.
        var scheme = header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? header.Value.Split(' ')[0] : null;
        return new(name, WithheldText(header.Value, fingerprinter) with { Value = scheme });
    }

    internal static CapturedValue WithheldText(string text, Fingerprinter fingerprinter) =>
        Secret.OrNull(text) is { } secret ? CapturedValue.Withheld("text", secret, fingerprinter) : CapturedValue.Shown("text", "");

    private static string FingerprintOf(ReadOnlySpan<byte> body, Fingerprinter fingerprinter) =>
        fingerprinter.Of(new Secret(Encoding.Latin1.GetString(body[..Math.Min(body.Length, MaxFingerprinted)])));
}
