using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rekindle.Providers;

/// <summary>Writes a request's parameters as they stand on the wire.</summary>
internal static class RequestWriter
{
    private static readonly JsonWriterOptions PlainJson = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Uri Address(Uri endpoint, List<RequestParameter> query)
    {
        if (query.Count == 0)
        {
            return endpoint;
        }

        var output = new ArrayBufferWriter<byte>(256);
        FormEncoding.Write(output, query, plusForSpace: false);
        return new Uri(endpoint.AbsoluteUri + (endpoint.Query.Length > 0 ? '&' : '?') + Encoding.ASCII.GetString(output.WrittenSpan));
    }

    public static string ContentType(ParameterFormat format) =>
        format == ParameterFormat.Json ? "application/json" : "application/x-www-form-urlencoded";

    public static ReadOnlyMemory<byte> Content(ParameterFormat format, List<RequestParameter> body)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(FormEncoding.LengthOf(body), 64));
        if (format == ParameterFormat.Json)
        {
            WriteJson(output, body);
        }
        else
        {
            FormEncoding.Write(output, body, plusForSpace: true);
        }

        return output.WrittenMemory;
    }

    private static void WriteJson(ArrayBufferWriter<byte> output, List<RequestParameter> body)
    {
        using var json = new Utf8JsonWriter(output, PlainJson);
        json.WriteStartObject();
        foreach (var parameter in body)
        {
            // A number in the provider's own extra parameters (Zendesk's expires_in) is one on the wire, too.
            if (parameter.IsFixed && long.TryParse(parameter.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                json.WriteNumber(parameter.Name, number);
            }
            else
            {
                json.WriteString(parameter.Name, parameter.Value);
            }
        }

        json.WriteEndObject();
    }
}
