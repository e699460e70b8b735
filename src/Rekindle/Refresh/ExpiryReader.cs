using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>
/// When tokens end (B3): a lifetime or a time in the answer, else the JWT's <c>exp</c>, else what the provider documents,
/// else 900 s. Lifetimes come as numbers, as text, in milliseconds, as absolute times and as dates (F36).
/// </summary>
internal static partial class ExpiryReader
{
    /// <summary>Unknown lifetimes count as short.</summary>
    public static readonly TimeSpan Assumed = TimeSpan.FromSeconds(900);

    // Numbers tell what they are by their size: 10^9 s is September 2001 as a time and 31 years as a lifetime.
    private const double FirstUnixSeconds = 1e9;
    private const double LastUnixSeconds = 1e11;
    private const double FirstUnixMilliseconds = 1e12;
    private const double LastUnixMilliseconds = 1e14;

    public static (DateTimeOffset? ExpiresAt, ExpirySource Source) AccessToken(
        ProviderDefinition provider, AnswerDocument document, string accessToken, AnswerClock clock)
    {
        var lifecycle = provider.Lifecycle;
        var rules = provider.Response;
        if (Stated(document, rules.Expiry, rules.ExpiryForm, lifecycle.AccessTokenLifetime?.Value, clock) is { } stated)
        {
            return (stated.At, stated.IsLifetime ? ExpirySource.ExpiresIn : ExpirySource.AbsoluteField);
        }

        if (JwtExpiry.Read(accessToken) is { } exp && clock.At(exp) is { } atExp)
        {
            return (atExp, ExpirySource.Jwt);
        }

        if (lifecycle.EffectiveImmortal)
        {
            return (null, ExpirySource.Immortal);
        }

        return lifecycle.AccessTokenLifetime switch
        {
            { IsKnown: true, Value: var documented } => (clock.After(documented.TotalSeconds), ExpirySource.ProviderDefault),
            { Value: var guessed } when guessed < Assumed => (clock.After(guessed.TotalSeconds), ExpirySource.Assumed),
            _ => (clock.After(Assumed.TotalSeconds), ExpirySource.Assumed),
        };
    }

    public static DateTimeOffset? RefreshToken(ProviderDefinition provider, AnswerDocument document, AnswerClock clock)
    {
        var lifecycle = provider.Lifecycle;
        var documented = lifecycle.RefreshTokenAbsolute ?? lifecycle.RefreshTokenInactivity;
        var rules = provider.Response;
        return Stated(document, rules.RefreshTokenExpiry, rules.RefreshTokenExpiryForm, documented?.Value, clock)?.At;
    }

    /// <summary>A plain non-negative number of seconds in a header.</summary>
    public static double? ParseNumber(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;

    private static Reading? Stated(
        AnswerDocument document, IReadOnlyList<string> paths, ExpiryForm form, TimeSpan? documented, AnswerClock clock)
    {
        for (var i = 0; i < paths.Count; i++)
        {
            foreach (var element in document.Find(paths[i]))
            {
                if ((ReadAs(element, form, clock) ?? Detect(element, documented, clock)) is { } reading)
                {
                    return reading;
                }
            }
        }

        return null;
    }

    /// <summary>The form the provider's entry names; an answer in another form is still read by what it looks like.</summary>
    private static Reading? ReadAs(JsonElement element, ExpiryForm form, AnswerClock clock)
    {
        if (AnswerValue.Number(element) is not { } number)
        {
            return null;
        }

        return form switch
        {
            ExpiryForm.Seconds => Lifetime(clock.After(number)),
            ExpiryForm.Milliseconds => Lifetime(clock.After(number / 1000)),
            ExpiryForm.UnixSeconds => Absolute(number, clock),
            ExpiryForm.UnixMilliseconds => Absolute(number / 1000, clock),
            _ => null,
        };
    }

    private static Reading? Detect(JsonElement element, TimeSpan? documented, AnswerClock clock)
    {
        if (AnswerValue.Number(element) is { } number)
        {
            return number switch
            {
                >= FirstUnixMilliseconds and < LastUnixMilliseconds => Absolute(number / 1000, clock),
                >= FirstUnixSeconds and < LastUnixSeconds => Absolute(number, clock),
                >= LastUnixSeconds => null,
                _ => Lifetime(clock.After(IsMilliseconds(number, documented) ? number / 1000 : number)),
            };
        }

        return AnswerValue.Text(element)?.Trim() is { Length: > 1 and <= 64 } text ? DetectText(text, clock) : null;
    }

    /// <summary>3,600,000 is 41 days or one hour: only what the provider documents can tell.</summary>
    private static bool IsMilliseconds(double number, TimeSpan? documented) =>
        documented is { TotalSeconds: var usual } && number > 20 * usual && number / 1000 >= usual / 10 && number / 1000 <= 2 * usual;

    private static Reading? DetectText(string text, AnswerClock clock)
    {
        if (text[0] is 'P' or 'p')
        {
            return Lifetime(clock.After(IsoDuration(text.ToUpperInvariant())));
        }

        if (DurationPattern().Match(text) is { Success: true } match
            && double.TryParse(match.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
        {
            return Lifetime(clock.After(amount * SecondsIn(match.Groups[2].Value)));
        }

        return text.Length >= 10
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date)
            && clock.At(date) is { } at
            ? new Reading(at, IsLifetime: false)
            : null;
    }

    private static double SecondsIn(string unit) => unit.ToUpperInvariant() switch
    {
        "MS" => 0.001,
        ['S', ..] => 1,
        ['M', ..] => 60,
        ['H', ..] => 3600,
        _ => 86_400,
    };

    private static double IsoDuration(string text)
    {
        try
        {
            return XmlConvert.ToTimeSpan(text).TotalSeconds;
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            return 0;
        }
    }

    private static Reading? Lifetime(DateTimeOffset? at) => at is { } value ? new Reading(value, IsLifetime: true) : null;

    private static Reading? Absolute(double unixSeconds, AnswerClock clock) =>
        unixSeconds is > 0 and < LastUnixSeconds && clock.At(DateTimeOffset.UnixEpoch.AddSeconds(unixSeconds)) is { } at
            ? new Reading(at, IsLifetime: false)
            : null;

    [GeneratedRegex(@"^(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern();

    private readonly record struct Reading(DateTimeOffset At, bool IsLifetime);
}
