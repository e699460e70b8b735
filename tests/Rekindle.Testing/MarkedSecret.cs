using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Rekindle.Encryption;
using Xunit.Sdk;

namespace Rekindle.Testing;

/// <summary>
/// A secret that can be found again wherever it leaks to: in plain text, URL-encoded, escaped in JSON or HTML, in base64 at
/// any alignment, in hexadecimal or UTF-16, whole or cut.
/// </summary>
/// <remarks>
/// The value carries two marks of twelve letters and digits, which no usual text encoding changes, between characters
/// that every encoding changes. Either mark alone is a find, so a text cut in the middle is found as well. The first four
/// characters, which may be shown, belong to no mark.
/// </remarks>
public sealed partial class MarkedSecret
{
    private const int MarkLength = 12;
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

    private readonly List<(string Form, byte[] Bytes)> _forms = [];

    /// <param name="random">Where the marks come from, see <see cref="TestRandom"/>.</param>
    /// <param name="label">Says in a failed test which secret leaked.</param>
    public MarkedSecret(Random random, string label)
    {
        ArgumentNullException.ThrowIfNull(random);
        Label = label;
        string[] marks = [Mark(random), Mark(random)];
        LettersAndDigits = marks[0];
        Value = $"v^1./{marks[0]}+\"&%ü\\{marks[1]}=";
        foreach (var mark in marks)
        {
            AddForms(mark);
        }
    }

    /// <summary>A secret that somebody else made, found by two pieces of it, each letters, digits, dashes and underscores.</summary>
    /// <param name="value">The whole value.</param>
    /// <param name="label">Says in a failed test which secret leaked.</param>
    public MarkedSecret(string value, string label)
    {
        (Label, Value) = (label, value);
        var runs = Run().Matches(value);
        if (runs.Count == 0)
        {
            throw new ArgumentException($"The {label} has no {MarkLength} letters and digits in a row to be found by.", nameof(value));
        }

        // The last ones: what keys and tokens begin with is often the same in all of them.
        LettersAndDigits = runs[^1].Value[^MarkLength..];
        AddForms(LettersAndDigits);
        AddForms(runs[Math.Max(0, runs.Count - 2)].Value[^MarkLength..]);
    }

    public string Label { get; }

    /// <summary>The plain value, to be put into a request or an answer.</summary>
    public string Value { get; }

    /// <summary>The value without what a header cannot carry; found like the whole.</summary>
    public string Ascii => Value.Replace("ü", "", StringComparison.Ordinal);

    /// <summary>One mark alone, for places that take letters and digits only; found like the whole.</summary>
    public string LettersAndDigits { get; }

    public Secret Secret => new(Value);

    /// <summary>How the secret shows in the text, or null.</summary>
    public string? FindIn(string text) => FindIn(Encoding.UTF8.GetBytes(text));

    /// <summary>How the secret shows in the bytes, or null.</summary>
    public string? FindIn(ReadOnlySpan<byte> bytes)
    {
        foreach (var (form, pattern) in _forms)
        {
            var index = bytes.IndexOf(pattern);
            if (index >= 0)
            {
                return $"{Label}: {form} at {index}";
            }
        }

        return null;
    }

    /// <summary>Every file below the folder that contains the secret, with the form it is found in.</summary>
    public IReadOnlyList<string> FindInFiles(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => (file, Found: FindIn(File.ReadAllBytes(file))))
            .Where(result => result.Found is not null)
            .Select(result => $"{result.file}: {result.Found}"),
    ];

    /// <summary>Fails the test if the text contains the secret. The message does not.</summary>
    public void AssertNotIn(string text, string where)
    {
        if (FindIn(text) is { } found)
        {
            throw new XunitException($"A secret leaked into {where}: {found}.");
        }
    }

    /// <summary>Fails the test if a file below the folder contains the secret.</summary>
    public void AssertNotInFiles(string folder)
    {
        if (FindInFiles(folder) is { Count: > 0 } found)
        {
            throw new XunitException($"A secret leaked into files: {string.Join("; ", found)}.");
        }
    }

    public override string ToString() => $"<marked secret {Label}>";

    private static string Mark(Random random) => random.GetString(Alphabet, MarkLength);

    private void AddForms(string mark)
    {
        var bytes = Encoding.UTF8.GetBytes(mark);
        _forms.Add(("plain or escaped", bytes));
        _forms.Add(("UTF-16", Encoding.Unicode.GetBytes(mark)));
        _forms.Add(("hexadecimal", Encoding.UTF8.GetBytes(Convert.ToHexStringLower(bytes))));
        _forms.Add(("hexadecimal", Encoding.UTF8.GetBytes(Convert.ToHexString(bytes))));
        _forms.Add(("percent-encoded throughout", Encoding.UTF8.GetBytes(string.Concat(bytes.Select(b => "%" + b.ToString("X2", CultureInfo.InvariantCulture))))));
        for (var alignment = 0; alignment < 3; alignment++)
        {
            _forms.Add(($"base64, alignment {alignment}", Encoding.UTF8.GetBytes(InnerBase64(bytes, alignment))));
        }
    }

    /// <summary>
    /// The characters of the base64 text that depend on the mark alone, when it begins so many bytes after a multiple of
    /// three. The marks are ASCII, for which both base64 alphabets give the same text.
    /// </summary>
    private static string InnerBase64(byte[] mark, int alignment)
    {
        byte[] padded = [.. new byte[alignment], .. mark, .. new byte[3]];
        var text = Base64Url.EncodeToString(padded);
        var first = (alignment * 8 + 5) / 6;
        var last = (alignment + mark.Length) * 8 / 6;
        return text[first..last];
    }

    [GeneratedRegex("[A-Za-z0-9_-]{12,}")]
    private static partial Regex Run();
}
