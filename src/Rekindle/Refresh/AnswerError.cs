using System.Text.Json;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>What an answer says about an error: codes, sub-codes and text, each from wherever the provider puts it.</summary>
/// <param name="Codes">Error codes, most telling first.</param>
/// <param name="SubCodes">Sub-codes.</param>
/// <param name="IsMarked">A provider's own mark of failure (Slack's <c>ok: false</c>) is there.</param>
internal sealed record AnswerError(IReadOnlyList<string> Codes, IReadOnlyList<string> SubCodes, bool IsMarked)
{
    private const int MaxCodes = 16;
    private static readonly string[] StandardCode = ["error"];
    private static readonly string[] StandardText = ["error_description"];
    private static readonly string[] InnerCode = ["code", "type", "status", "error"];
    private static readonly string[] InnerText = ["message", "description", "error_description"];

    /// <summary>Something in the body says that this is an error, whatever the status.</summary>
    public bool SaysError => IsMarked || Codes.Count > 0;

    public static AnswerError Read(AnswerDocument document, ErrorRules rules)
    {
        var codes = new List<string>();
        foreach (var path in rules.Code.Contains(StandardCode[0]) ? rules.Code : [.. rules.Code, .. StandardCode])
        {
            foreach (var element in document.Find(path))
            {
                AddCode(codes, element);
            }
        }

        var subCodes = new List<string>();
        foreach (var path in rules.SubCode)
        {
            foreach (var element in document.Find(path))
            {
                Add(subCodes, AnswerValue.Scalar(element));
            }
        }

        return new(codes, subCodes, IsMarkedAsFailure(document, rules));
    }

    /// <summary>A scalar is a code; an object (Meta, Google's APIs) has it inside.</summary>
    private static void AddCode(List<string> codes, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            Add(codes, AnswerValue.Scalar(element));
            return;
        }

        var before = codes.Count;
        foreach (var name in InnerCode)
        {
            Add(codes, AnswerDocument.Find(element, name) is [var inner, ..] ? AnswerValue.Scalar(inner) : null);
        }

        if (codes.Count == before)
        {
            Add(codes, "object");
        }
    }

    /// <summary>Zero and false are how numeric and boolean dialects say "no error".</summary>
    private static void Add(List<string> codes, string? code)
    {
        if (codes.Count < MaxCodes && code is not (null or "" or "0" or "false") && !codes.Contains(code))
        {
            codes.Add(code);
        }
    }

    /// <summary>The text for people; null: none. Asked for only where it is shown: an answer with tokens has none to show.</summary>
    public static string? ReadText(AnswerDocument document, ErrorRules rules)
    {
        if (document.FirstText([.. rules.Description, .. StandardText]) is { } text)
        {
            return text;
        }

        foreach (var element in document.Find("error"))
        {
            foreach (var name in InnerText)
            {
                if (AnswerDocument.Find(element, name) is [var inner, ..] && AnswerValue.Text(inner) is { Length: > 0 } innerText)
                {
                    return innerText;
                }
            }
        }

        return document.Text;
    }

    private static bool IsMarkedAsFailure(AnswerDocument document, ErrorRules rules)
    {
        foreach (var (path, mark) in rules.FailureMarks)
        {
            foreach (var element in document.Find(path))
            {
                if (string.Equals(AnswerValue.Scalar(element), mark, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
