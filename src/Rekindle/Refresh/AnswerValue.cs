using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Rekindle.Refresh;

/// <summary>Single values of an answer, read without ever throwing.</summary>
internal static class AnswerValue
{
    private const int LongestNumber = 40;

    /// <summary>The text of a string; null for every other kind and for text that is no Unicode.</summary>
    public static string? Text(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether it is a string that says this.</summary>
    public static bool Is(JsonElement element, string text)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String && element.ValueEquals(text);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: no Unicode, and equal to nothing.
            return false;
        }
    }

    /// <summary>A string, number or boolean as text; null for anything else.</summary>
    public static string? Scalar(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => Text(element),
        JsonValueKind.Number => element.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    /// <summary>A number, also one written as text.</summary>
    public static double? Number(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Number)
        {
            var digits = JsonMarshal.GetRawUtf8Value(element);
            return digits.Length <= LongestNumber && double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var plain) && double.IsFinite(plain)
                ? plain
                : null;
        }

        return Text(element)?.Trim() is { Length: > 0 and <= LongestNumber } text
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
            ? number
            : null;
    }

    /// <summary>Null, the empty string, an empty array or object: providers write them for "none".</summary>
    public static bool IsNothing(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => true,
        JsonValueKind.String => element.ValueEquals(""),
        JsonValueKind.Array => element.GetArrayLength() == 0,
        JsonValueKind.Object => element.GetPropertyCount() == 0,
        _ => false,
    };
}
