namespace Rekindle.Refresh;

/// <summary>
/// How long a provider asks us to wait: Retry-After in seconds or as a date, a field of the body (Discord, Dropbox), or,
/// when it throttles, the end of the rate window (X).
/// </summary>
internal static class RetryAfterReader
{
    private const double FirstUnixSeconds = 1e9;
    private const double LastUnixSeconds = 1e11;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);
    private static readonly string[] Fields = ["retry_after", "retryAfter", "error.retry_after"];
    private static readonly string[] WindowEnds = ["RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset"];

    public static TimeSpan? Read(ProviderAnswer answer, AnswerDocument document, DateTimeOffset requestedAt)
    {
        var asked = FromHeader(answer, requestedAt) ?? FromBody(document) ?? FromWindow(answer, requestedAt);
        return asked is not { } wait ? null
            : wait <= TimeSpan.Zero ? TimeSpan.Zero
            : wait > Longest ? Longest : wait;
    }

    private static TimeSpan? FromHeader(ProviderAnswer answer, DateTimeOffset requestedAt)
    {
        if (answer.Header("Retry-After") is not { } text)
        {
            return null;
        }

        if (ExpiryReader.ParseNumber(text) is { } seconds)
        {
            return FromSeconds(seconds);
        }

        return AnswerClock.ParseHttpDate(text) is { } date ? new AnswerClock(requestedAt, answer).Until(date) : null;
    }

    private static TimeSpan? FromBody(AnswerDocument document) =>
        document.First(Fields) is { } element && AnswerValue.Number(element) is { } seconds ? FromSeconds(seconds) : null;

    /// <summary>These stand on ordinary answers, too: only a 429 makes them a wish to wait.</summary>
    private static TimeSpan? FromWindow(ProviderAnswer answer, DateTimeOffset requestedAt)
    {
        if (answer.Status != 429)
        {
            return null;
        }

        foreach (var name in WindowEnds)
        {
            if (ExpiryReader.ParseNumber(answer.Header(name)) is { } value)
            {
                return value < FirstUnixSeconds
                    ? FromSeconds(value)
                    : new AnswerClock(requestedAt, answer).Until(DateTimeOffset.UnixEpoch.AddSeconds(Math.Min(value, LastUnixSeconds)));
            }
        }

        return null;
    }

    private static TimeSpan FromSeconds(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, Longest.TotalSeconds));
}
