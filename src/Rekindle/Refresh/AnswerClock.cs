using System.Globalization;

namespace Rekindle.Refresh;

/// <summary>Turns the provider's ways of naming a time into ours.</summary>
internal readonly struct AnswerClock(DateTimeOffset requestedAt, ProviderAnswer answer)
{
    /// <summary>Beyond this a lifetime is a way of saying "for ever".</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    private static readonly string[] HttpDates = ["r", "dddd, dd'-'MMM'-'yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"];

    /// <summary>A lifetime counts from when the request was sent (I12); one that is not positive says nothing.</summary>
    public DateTimeOffset? After(double seconds) => seconds switch
    {
        <= 0 => null,
        _ when seconds >= Longest.TotalSeconds => requestedAt + Longest,
        _ => requestedAt + TimeSpan.FromSeconds(seconds),
    };

    /// <summary>
    /// An absolute time stands on the provider's clock, which its Date header shows: where the clocks differ, the earlier
    /// of the two readings that lie ahead is taken (F86). A time that has passed on either clock says nothing.
    /// </summary>
    public DateTimeOffset? At(DateTimeOffset instant)
    {
        var byOurs = instant - requestedAt;
        var byTheirs = instant - ProvidersNow;
        var ahead = byOurs <= TimeSpan.Zero ? byTheirs
            : byTheirs <= TimeSpan.Zero ? byOurs
            : byOurs < byTheirs ? byOurs : byTheirs;
        return After(ahead.TotalSeconds);
    }

    /// <summary>Time from the answer to an instant on the provider's clock.</summary>
    public TimeSpan Until(DateTimeOffset instant) => instant - ProvidersNow;

    // Read when it is asked for: a plain lifetime needs no clock but ours.
    private DateTimeOffset ProvidersNow => ParseHttpDate(answer.Header("Date")) ?? requestedAt;

    public static DateTimeOffset? ParseHttpDate(string? text) =>
        text is not null && DateTimeOffset.TryParseExact(
            text.Trim(),
            HttpDates,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces,
            out var date)
            ? date.ToUniversalTime()
            : null;
}
