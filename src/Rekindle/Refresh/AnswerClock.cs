using System.Globalization;

namespace Rekindle.Refresh;

/// <summary>Turns the provider's ways of naming a time into ours.</summary>
internal sealed class AnswerClock
{
    /// <summary>Beyond this a lifetime is a way of saying "for ever".</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    private readonly DateTimeOffset _requestedAt;
    private readonly DateTimeOffset? _providersNow;

    public AnswerClock(DateTimeOffset requestedAt, ProviderAnswer answer)
    {
        _requestedAt = requestedAt;
        _providersNow = ParseHttpDate(answer.Header("Date"));
    }

    /// <summary>A lifetime counts from when the request was sent (I12); one that is not positive says nothing.</summary>
    public DateTimeOffset? After(double seconds) => seconds switch
    {
        <= 0 => null,
        _ when seconds >= Longest.TotalSeconds => _requestedAt + Longest,
        _ => _requestedAt + TimeSpan.FromSeconds(seconds),
    };

    /// <summary>
    /// An absolute time stands on the provider's clock, which its Date header shows: where the clocks differ, the earlier
    /// of the two readings that lie ahead is taken (F86). A time that has passed on either clock says nothing.
    /// </summary>
    public DateTimeOffset? At(DateTimeOffset instant)
    {
        var byOurs = instant - _requestedAt;
        var byTheirs = instant - (_providersNow ?? _requestedAt);
        var ahead = byOurs <= TimeSpan.Zero ? byTheirs
            : byTheirs <= TimeSpan.Zero ? byOurs
            : byOurs < byTheirs ? byOurs : byTheirs;
        return After(ahead.TotalSeconds);
    }

    /// <summary>Time from the answer to an instant on the provider's clock.</summary>
    public TimeSpan Until(DateTimeOffset instant) => instant - (_providersNow ?? _requestedAt);

    public static DateTimeOffset? ParseHttpDate(string? text) =>
        DateTimeOffset.TryParseExact(
            text?.Trim(),
            ["r", "dddd, dd'-'MMM'-'yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces,
            out var date)
            ? date.ToUniversalTime()
            : null;
}
