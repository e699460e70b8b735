using Rekindle.Encryption;
using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>
/// A request while it is put together. Problems do not stop the drafting: the record of a refusal shows the request as
/// it would have looked, with placeholders where something is missing (D1).
/// </summary>
internal sealed class RequestDraft
{
    private const string Missing = "<missing>";
    private const string DecryptFailed = "<decrypt_failed>";

    internal static readonly string UserAgent =
        $"Rekindle/{typeof(RequestDraft).Assembly.GetName().Version?.ToString(3) ?? "0.0.0"}";

    private static readonly KeyValuePair<string, string>[] DefaultHeaders = [new("Accept", "application/json"), new("User-Agent", UserAgent)];

    private readonly ProviderDefinition _provider;
    private readonly TokenRequestKind _kind;
    private readonly string _method;
    private readonly ParameterFormat _format;
    private readonly List<RequestParameter> _body = [];
    private readonly List<RequestParameter> _query = [];
    private readonly List<KeyValuePair<string, string>> _headers = [];
    private readonly List<Secret> _secrets = [];
    private RefreshClass _class;
    private string? _problem;
    private string? _tokenParameter;

    public RequestDraft(ProviderDefinition provider, TokenRequestKind kind, string method, ParameterFormat format)
    {
        _provider = provider;
        _kind = kind;
        _method = method.ToUpperInvariant();
        _format = _method == "GET" ? ParameterFormat.Query : format;
    }

    /// <summary>Where the request goes; null when that is the problem.</summary>
    public Uri? Endpoint { get; private set; }

    /// <summary>Fills the address from the first of the provider's templates that gives one.</summary>
    /// <param name="what">The endpoint in words, for the problem.</param>
    /// <param name="variables">Values of the placeholders.</param>
    /// <param name="templates">Templates, best first; null where the provider has none.</param>
    public void SendTo(string what, IReadOnlyDictionary<string, string> variables, params ReadOnlySpan<string?> templates)
    {
        foreach (var template in templates)
        {
            switch (template is null ? null : UrlTemplate.Expand(template, _provider, variables))
            {
                case UrlExpansion.Expanded(var url):
                    Endpoint = url;
                    return;
                case UrlExpansion.Refused(var variable, var problem):
                    Refuse(RefreshClass.RequestRejected, variable is null
                        ? $"The {what} of '{_provider.Key}' {problem}"
                        : $"The variable '{variable}' in the {what} of '{_provider.Key}' {problem}");
                    return;
                default:
                    continue;
            }
        }

        Refuse(RefreshClass.RequestRejected, $"The provider '{_provider.Key}' has no {what}.");
    }

    /// <summary>A standard parameter, under the provider's name for it.</summary>
    public void Add(string name, string value) => Main.Add(new(NameOf(name), value));

    /// <summary>A standard parameter that is secret.</summary>
    public void Add(string name, Secret value) => Add(Main, NameOf(name), value);

    /// <summary>The client's own parameters in the address, whatever the format of the others.</summary>
    public void AddToQuery(string name, Secret value) => Add(_query, NameOf(name), value);

    /// <inheritdoc cref="AddToQuery(string, Secret)"/>
    public void AddToQuery(string name, string value) => _query.Add(new(NameOf(name), value));

    /// <summary>Stands for a secret that is missing.</summary>
    public void AddMissing(string name) => AddPlaceholder(NameOf(name), Missing);

    /// <summary>The token the request is about, under its exact name.</summary>
    public void AddToken(string wireName, Secret? token, bool decryptFailed, string ifMissing)
    {
        _tokenParameter = wireName;
        var (usable, placeholder) = Check(token, decryptFailed, ifMissing);
        if (usable is null)
        {
            AddPlaceholder(wireName, placeholder);
            return;
        }

        Add(Main, wireName, usable);
    }

    /// <summary>The token the request is about, in the Authorization header.</summary>
    public void AddTokenHeader(string scheme, Secret? token, bool decryptFailed, string ifMissing)
    {
        var (usable, placeholder) = Check(token, decryptFailed, ifMissing);
        if (usable is not null)
        {
            Remember(usable);
        }

        AddHeader("Authorization", $"{scheme} {usable?.Reveal() ?? placeholder}");
    }

    /// <summary>The token the request is about, as the last segment of the address (HubSpot's token information).</summary>
    public void AppendToken(Secret? token, bool decryptFailed, string ifMissing)
    {
        var (usable, _) = Check(token, decryptFailed, ifMissing);
        if (usable is not null && Endpoint is not null)
        {
            Remember(usable);
            Endpoint = new Uri(Endpoint.AbsoluteUri + Uri.EscapeDataString(usable.Reveal()));
        }
    }

    /// <summary>The provider's extra parameters: each replaces one of its name, an empty value removes it.</summary>
    public void AddExtra(IReadOnlyDictionary<string, string> parameters)
    {
        foreach (var (name, value) in parameters)
        {
            var at = Main.FindIndex(parameter => parameter.Name == name);
            var extra = new RequestParameter(name, value) { IsFixed = true };
            switch (at, value)
            {
                case ( >= 0, ""):
                    Main.RemoveAt(at);
                    break;
                case ( >= 0, _):
                    Main[at] = extra;
                    break;
                case (_, not ""):
                    Main.Add(extra);
                    break;
            }
        }
    }

    public void AddHeader(string name, string value) => _headers.Add(new(name, value));

    /// <summary>Remembers secrets that do not stand in the request as they are, so that they are scrubbed from what is recorded.</summary>
    public void Remember(params ReadOnlySpan<Secret?> secrets)
    {
        foreach (var secret in secrets)
        {
            if (secret is not null)
            {
                _secrets.Add(secret);
            }
        }
    }

    /// <summary>Nothing may be sent. The first problem is the one that is reported.</summary>
    public void Refuse(RefreshClass @class, string problem)
    {
        if (_problem is null)
        {
            (_class, _problem) = (@class, problem);
        }
    }

    public TokenRequestOutcome Finish()
    {
        if (_problem is null)
        {
            return new TokenRequestOutcome.Ready(ToRequest(synthetic: false));
        }

        return new TokenRequestOutcome.Refused(_class, _problem, Endpoint is null ? null : ToRequest(synthetic: true));
    }

    private (Secret? Usable, string Placeholder) Check(Secret? token, bool decryptFailed, string ifMissing)
    {
        if (decryptFailed)
        {
            Refuse(RefreshClass.DecryptFailed, "The stored token could not be opened.");
            return (null, DecryptFailed);
        }

        if (token is null)
        {
            Refuse(RefreshClass.NoRefreshToken, ifMissing);
            return (null, Missing);
        }

        if (CiphertextLookalike.Find(token) is { } whose)
        {
            Refuse(RefreshClass.DecryptFailed, $"The stored token is ciphertext ({whose}): it was encrypted before it came here.");
            return (null, DecryptFailed);
        }

        return (token, "");
    }

    private List<RequestParameter> Main => _format == ParameterFormat.Query ? _query : _body;

    private string NameOf(string name) => _provider.Requests.ParameterNames.GetValueOrDefault(name, name);

    private void Add(List<RequestParameter> list, string wireName, Secret value)
    {
        list.Add(new(wireName, null, value));
        _secrets.Add(value);
    }

    private void AddPlaceholder(string wireName, string placeholder) =>
        Main.Add(new(wireName, placeholder) { IsPlaceholder = true });

    private TokenRequest ToRequest(bool synthetic)
    {
        var hasContent = !synthetic && _format != ParameterFormat.Query;
        return new TokenRequest
        {
            Kind = _kind,
            Method = _method,
            Uri = synthetic ? Endpoint! : RequestWriter.Address(Endpoint!, _query),
            Headers = WriteHeaders(),
            ContentType = hasContent ? RequestWriter.ContentType(_format) : null,
            Content = hasContent ? RequestWriter.Content(_format, _body) : default,
            Parameters = [.. _query, .. _body],
            TokenParameter = _tokenParameter,
            Secrets = _secrets,
            IsSynthetic = synthetic,
        };
    }

    private IReadOnlyList<KeyValuePair<string, string>> WriteHeaders()
    {
        if (_headers.Count == 0 && _provider.Requests.Headers.Count == 0)
        {
            return DefaultHeaders;
        }

        var headers = new List<KeyValuePair<string, string>>(_headers);
        headers.AddRange(_provider.Requests.Headers);
        foreach (var header in DefaultHeaders)
        {
            if (!headers.Exists(given => given.Key.Equals(header.Key, StringComparison.OrdinalIgnoreCase)))
            {
                headers.Add(header);
            }
        }

        return headers;
    }
}
