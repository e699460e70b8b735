using System.Text.Json;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Attempts;

/// <summary>Writes the fields of an answer's body by their paths, at most so many.</summary>
internal sealed class BodyCapture(ProviderDefinition provider, FoundTokens tokens, CaptureWriter fields)
{
    private const int MaxFields = 60;
    private const int MaxPath = 120;

    private int _seen;

    public int Omitted => Math.Max(0, _seen - MaxFields);

    public void Add(string path, JsonElement value)
    {
        if (++_seen > MaxFields)
        {
            return;
        }

        var (isToken, isShown) = (CaptureAllowList.IsToken(path, provider), CaptureAllowList.ShowsField(path, provider));

        // A name from our own list or the catalogue tells nothing of this exchange.
        var name = isToken || CaptureAllowList.IsKnownField(path) ? path : fields.Clean(path, MaxPath) ?? "";
        var type = TypeOf(value);
        if (isToken && tokens.At(value) is { } known)
        {
            fields.Token(name, known);
        }
        else if (AnswerValue.Scalar(value) is not { } text)
        {
            fields.Show(name, type, null);
        }
        else if (isToken && Secret.OrNull(text) is { } token)
        {
            fields.Token(name, token);
        }
        else if (type == "boolean" || isShown)
        {
            fields.Show(name, type, fields.Clean(text) ?? "");
        }
        else
        {
            fields.Withhold(name, type, text);
        }
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "text",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "null",
    };
}
