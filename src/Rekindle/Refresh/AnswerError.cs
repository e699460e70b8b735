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
    private const string StandardCode = "error";
    private const string StandardText = "error_description";
    private static readonly string[] InnerCode = ["code", "type", "status", "error"];
    private static readonly string[] InnerText = ["message", "description", "error_description"];

    /// <summary>Something in the body says that this is an error, whatever the status.</summary>
    public bool SaysError => IsMarked || Codes.Count > 0;

    public static AnswerError Read(AnswerDocument document, ErrorRules rules)
    {
        var (codes, subCodes) = (new Words(), new Words());
        for (var i = 0; i < rules.Code.Count; i++)
        {
            AddCodes(ref codes, document.Find(rules.Code[i]));
        }

        if (!rules.Code.Contains(StandardCode))
        {
            AddCodes(ref codes, document.Find(StandardCode));
        }

        for (var i = 0; i < rules.SubCode.Count; i++)
        {
            foreach (var element in document.Find(rules.SubCode[i]))
            {
                subCodes.Add(AnswerValue.Scalar(element));
            }
        }

        return new(codes.All, subCodes.All, IsMarkedAsFailure(document, rules));
    }

    /// <summary>A scalar is a code; an object (Meta, Google's APIs) has it inside.</summary>
    private static void AddCodes(ref Words codes, AnswerValues elements)
    {
        foreach (var element in elements)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                codes.Add(AnswerValue.Scalar(element));
                continue;
            }

            var before = codes.All.Count;
            foreach (var name in InnerCode)
            {
                codes.Add(AnswerDocument.Find(element, name) is [var inner, ..] ? AnswerValue.Scalar(inner) : null);
            }

            if (codes.All.Count == before)
            {
                codes.Add("object");
            }
        }
    }

    /// <summary>The text for people; null: none. Asked for only where it is shown: an answer with tokens has none to show.</summary>
    public static string? ReadText(AnswerDocument document, ErrorRules rules)
    {
        foreach (var path in rules.Description)
        {
            if (document.FirstText(path) is { } text)
            {
                return text;
            }
        }

        if (document.FirstText(StandardText) is { } standard)
        {
            return standard;
        }

        foreach (var element in document.Find(StandardCode))
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
        if (rules.FailureMarks.Count == 0)
        {
            return false;
        }

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

    /// <summary>Codes as they are found, each once. Most answers have none.</summary>
    private struct Words
    {
        private static readonly List<string> None = [];
        private List<string>? _all;

        public readonly List<string> All => _all ?? None;

        /// <summary>Zero and false are how numeric and boolean dialects say "no error".</summary>
        public void Add(string? code)
        {
            if (All.Count < MaxCodes && code is not (null or "" or "0" or "false") && !All.Contains(code))
            {
                (_all ??= []).Add(code);
            }
        }
    }
}
