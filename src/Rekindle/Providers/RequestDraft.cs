using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
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

    private readonly ProviderDefinition _provider;
    private readonly TokenRequestKind _kind;
    private readonly string _method;
    private readonly ParameterFormat _format;
    private readonly List<Entry> _body = [];
    private readonly List<Entry> _query = [];
    private readonly List<KeyValuePair<string, string>> _headers = [];
    private readonly List<Secret> _secrets = [];
    private RefreshClass _class;
    private string? _problem;

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
    public void Add(string name, string value) => Main.Add(new(new RequestParameter(NameOf(name), value), IsLiteral: false));

    /// <summary>A standard parameter that is secret.</summary>
    public void Add(string name, Secret value) => Add(Main, NameOf(name), value);

    /// <summary>The client's own parameters in the address, whatever the format of the others.</summary>
    public void AddToQuery(string name, Secret value) => Add(_query, NameOf(name), value);

    /// <inheritdoc cref="AddToQuery(string, Secret)"/>
    public void AddToQuery(string name, string value) => _query.Add(new(new RequestParameter(NameOf(name), value), IsLiteral: false));

    /// <summary>Stands for a secret that is missing.</summary>
    public void AddMissing(string name) => Add(name, Missing);

    /// <summary>The token the request is about, under its exact name.</summary>
    public void AddToken(string wireName, Secret? token, bool decryptFailed, string ifMissing)
    {
        var (usable, placeholder) = Check(token, decryptFailed, ifMissing);
        if (usable is null)
        {
            Main.Add(new(new RequestParameter(wireName, placeholder), IsLiteral: false));
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
            var at = Main.FindIndex(entry => entry.Parameter.Name == name);
            var entry = new Entry(new RequestParameter(name, value), IsLiteral: true);
            switch (at, value)
            {
                case ( >= 0, ""):
                    Main.RemoveAt(at);
                    break;
                case ( >= 0, _):
                    Main[at] = entry;
                    break;
                case (_, not ""):
                    Main.Add(entry);
                    break;
            }
        }
    }

    public void AddHeader(string name, string value) => _headers.Add(new(name, value));

    /// <summary>Remembers a secret that is inside a header or an assertion, so that it is scrubbed from what is recorded.</summary>
    public void Remember(Secret secret) => _secrets.Add(secret);

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

        if (CiphertextShape.Matches(token.Reveal()))
        {
            Refuse(RefreshClass.DecryptFailed, "The token to send looks like ciphertext: it was stored without being opened.");
            return (null, DecryptFailed);
        }

        return (token, "");
    }

    private List<Entry> Main => _format == ParameterFormat.Query ? _query : _body;

    private string NameOf(string name) => _provider.Requests.ParameterNames.GetValueOrDefault(name, name);

    private void Add(List<Entry> list, string wireName, Secret value)
    {
        list.Add(new(new RequestParameter(wireName, null, value), IsLiteral: false));
        _secrets.Add(value);
    }

    private TokenRequest ToRequest(bool synthetic)
    {
        var (content, contentType) = synthetic ? (default, null) : WriteContent();
        return new TokenRequest
        {
            Kind = _kind,
            Method = _method,
            Uri = synthetic ? Endpoint! : WriteAddress(),
            Headers = WriteHeaders(),
            ContentType = contentType,
            Content = content,
            Parameters = [.. _query.Concat(_body).Select(entry => entry.Parameter)],
            Secrets = _secrets,
            IsSynthetic = synthetic,
        };
    }

    private Uri WriteAddress()
    {
        if (_query.Count == 0)
        {
            return Endpoint!;
        }

        var output = new ArrayBufferWriter<byte>(256);
        FormEncoding.Write(output, _query.Select(entry => entry.Parameter), plusForSpace: false);
        var query = Encoding.ASCII.GetString(output.WrittenSpan);
        var address = Endpoint!.AbsoluteUri;
        return new Uri(address + (Endpoint.Query.Length > 0 ? "&" : "?") + query);
    }

    private (ReadOnlyMemory<byte> Content, string? ContentType) WriteContent()
    {
        if (_method == "GET" || (_body.Count == 0 && _format == ParameterFormat.Query))
        {
            return (default, null);
        }

        var output = new ArrayBufferWriter<byte>(512);
        if (_format == ParameterFormat.Json)
        {
            WriteJson(output);
            return (output.WrittenMemory, "application/json");
        }

        FormEncoding.Write(output, _body.Select(entry => entry.Parameter), plusForSpace: true);
        return (output.WrittenMemory, "application/x-www-form-urlencoded");
    }

    private void WriteJson(ArrayBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        foreach (var (parameter, isLiteral) in _body)
        {
            // A number in the provider's own extra parameters (Zendesk's expires_in) is one on the wire, too.
            if (isLiteral && long.TryParse(parameter.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                json.WriteNumber(parameter.Name, number);
                continue;
            }

            json.WriteString(parameter.Name, parameter.Value);
        }

        json.WriteEndObject();
    }

    private List<KeyValuePair<string, string>> WriteHeaders()
    {
        var headers = new List<KeyValuePair<string, string>>(_headers);
        headers.AddRange(_provider.Requests.Headers);
        AddDefault("Accept", "application/json");
        AddDefault("User-Agent", UserAgent);
        return headers;

        void AddDefault(string name, string value)
        {
            if (!headers.Exists(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                headers.Add(new(name, value));
            }
        }
    }

    private static readonly string UserAgent =
        $"Rekindle/{typeof(RequestDraft).Assembly.GetName().Version?.ToString(3) ?? "0.0.0"}";

    private readonly record struct Entry(RequestParameter Parameter, bool IsLiteral);
}
