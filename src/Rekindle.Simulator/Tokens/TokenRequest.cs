using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Primitives;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Tokens;

/// <summary>A request to the token or revocation endpoint, read and not yet judged.</summary>
internal sealed class TokenRequest
{
    private readonly Dictionary<string, string> _parameters = [];

    /// <summary>Where the parameters came from.</summary>
    public RequestFormats Format { get; private set; }

    /// <summary>Whether it could not be read or names a parameter twice.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The text of a Basic header, decoded from base64 and not further.</summary>
    public string? Basic { get; private set; }

    public bool AcceptsJson { get; private set; }

    public string? GrantType => this["grant_type"];

    public string? this[string name] => _parameters.GetValueOrDefault(name);

    public static async ValueTask<TokenRequest> ReadAsync(HttpContext context)
    {
        var request = new TokenRequest
        {
            AcceptsJson = context.Request.Headers.Accept.ToString().Contains("json", StringComparison.OrdinalIgnoreCase),
            Basic = ReadBasic(context.Request.Headers.Authorization),
        };
        try
        {
            await request.ReadParametersAsync(context.Request, context.RequestAborted);
        }
        catch (Exception error) when (error is JsonException or InvalidDataException or BadHttpRequestException)
        {
            request.IsMalformed = true;
        }

        return request;
    }

    private async ValueTask ReadParametersAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.HasFormContentType && await request.ReadFormAsync(cancellationToken) is { Count: > 0 } form)
        {
            Format |= RequestFormats.Form;
            Take(form);
        }
        else if (request.HasJsonContentType())
        {
            Format |= RequestFormats.Json;
            await TakeJsonAsync(request.Body, cancellationToken);
        }

        if (request.Query.Count > 0)
        {
            Format |= RequestFormats.Query;
            Take(request.Query);
        }
    }

    private async ValueTask TakeJsonAsync(Stream body, CancellationToken cancellationToken)
    {
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            IsMalformed = true;
            return;
        }

        foreach (var member in document.RootElement.EnumerateObject())
        {
            IsMalformed |= !_parameters.TryAdd(member.Name, member.Value.ToString());
        }
    }

    private void Take(IEnumerable<KeyValuePair<string, StringValues>> parameters)
    {
        foreach (var (name, values) in parameters)
        {
            IsMalformed |= values.Count != 1 || !_parameters.TryAdd(name, values.ToString());
        }
    }

    private static string? ReadBasic(string? header)
    {
        if (!AuthenticationHeaderValue.TryParse(header, out var value) || !"Basic".Equals(value.Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(value.Parameter ?? ""));
        }
        catch (FormatException)
        {
            return "";
        }
    }
}
