using Rekindle.Encryption;

namespace Rekindle.Providers;

/// <summary>What a request to a provider is for.</summary>
public enum TokenRequestKind
{
    /// <summary>A refresh: may burn a single-use token, so it never leaves twice.</summary>
    Refresh,

    /// <summary>An authorization code is exchanged: single use as well.</summary>
    CodeExchange,

    /// <summary>A token is revoked.</summary>
    Revoke,

    /// <summary>The account behind a grant is asked for; harmless to repeat.</summary>
    Identity,

    /// <summary>The provider's discovery document is asked for; harmless to repeat, and without secrets.</summary>
    Discovery,
}

/// <summary>
/// A request ready to be sent, exactly as it will stand on the wire. It holds secrets: it is never logged, only
/// captured in redacted form.
/// </summary>
public sealed class TokenRequest
{
    /// <summary>What it is for.</summary>
    public required TokenRequestKind Kind { get; init; }

    /// <summary>HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Absolute address, query included.</summary>
    public required Uri Uri { get; init; }

    /// <summary>Headers, without those that describe the content.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Media type of the content; null: no content.</summary>
    public string? ContentType { get; init; }

    /// <summary>The content; empty for requests whose parameters travel in the address.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>Every parameter by its name on the wire, whether it travels in the address or in the content.</summary>
    public IReadOnlyList<RequestParameter> Parameters { get; init; } = [];

    /// <summary>Which of <see cref="Parameters"/> carries the token the request is about; null: none does.</summary>
    public string? TokenParameter { get; init; }

    /// <summary>Every secret of the grant and the client, sent or not, for the scrub of what is recorded (I13).</summary>
    public IReadOnlyList<Secret> Secrets { get; init; } = [];

    /// <summary>Made for the record of a refusal before HTTP: it holds placeholders and is never sent (D1).</summary>
    public bool IsSynthetic { get; init; }

    /// <summary>A redaction: method and host.</summary>
    public override string ToString() => $"{Method} {Uri.Scheme}://{Uri.Authority}";
}

/// <summary>One parameter of a request: <see cref="Text"/> or, when it is one, <see cref="Secret"/>.</summary>
/// <param name="Name">Name on the wire.</param>
/// <param name="Text">Plain value, or the placeholder of a synthetic request.</param>
/// <param name="Secret">Secret value.</param>
public sealed record RequestParameter(string Name, string? Text, Secret? Secret = null)
{
    /// <summary>The value as it stands on the wire, before encoding.</summary>
    internal string Value => Secret?.Reveal() ?? Text ?? "";

    /// <summary>Stands for something that is missing, in a synthetic request.</summary>
    internal bool IsPlaceholder { get; init; }

    /// <summary>Comes from the provider's entry as it is.</summary>
    internal bool IsFixed { get; init; }
}
