using System.Text.Json;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Attempts;

/// <summary>Collects the fields of an answer's body, at most so many.</summary>
internal sealed class BodyCapture(ProviderDefinition provider, Fingerprinter fingerprinter, SecretScrubber scrubber, int maxValue)
{
    private const int MaxFields = 60;
    private const int MaxPath = 120;

    public List<CapturedField> Fields { get; } = [];

    public int Omitted { get; private set; }

    public void Add(string path, JsonElement value)
    {
        if (Fields.Count == MaxFields)
        {
            Omitted++;
            return;
        }

        Fields.Add(new(ProviderText.Clean(path, scrubber, MaxPath) ?? "", Capture(path, value)));
    }

    private CapturedValue Capture(string path, JsonElement value)
    {
        var type = value.ValueKind switch
        {
            JsonValueKind.String => "text",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Array => "array",
            JsonValueKind.Object => "object",
            _ => "null",
        };
        if (AnswerValue.Scalar(value) is not { } text)
        {
            return CapturedValue.Shown(type, null);
        }

        if (CaptureAllowList.IsToken(path, provider) && Secret.OrNull(text) is { } token)
        {
            return CapturedValue.Token(token, fingerprinter);
        }

        if (type == "boolean" || CaptureAllowList.ShowsField(path, provider))
        {
            return CapturedValue.Shown(type, ProviderText.Clean(text, scrubber, maxValue) ?? "");
        }

        return ExchangeCapture.WithheldText(text, fingerprinter) with { Type = type };
    }
}
