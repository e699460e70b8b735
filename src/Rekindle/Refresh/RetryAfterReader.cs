namespace Rekindle.Refresh;

/// <summary>How long a provider asks us to wait: Retry-After in seconds or as a date, or a field of the body (Discord, Dropbox).</summary>
internal static class RetryAfterReader
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);
    private static readonly string[] Fields = ["retry_after", "retryAfter", "error.retry_after"];

    public static TimeSpan? Read(ProviderAnswer answer, AnswerDocument document, DateTimeOffset requestedAt)
    {
        var asked = FromHeader(answer, requestedAt) ?? FromBody(document);
        return asked is not { } wait ? null
            : wait <= TimeSpan.Zero ? TimeSpan.Zero
            : wait > Longest ? Longest : wait;
    }

    private static TimeSpan? FromHeader(ProviderAnswer answer, DateTimeOffset requestedAt)
    {
        var text = answer.Header("Retry-After");
        if (ExpiryReader.ParseNumber(text) is { } seconds)
        {
            return FromSeconds(seconds);
        }

        return AnswerClock.ParseHttpDate(text) is { } date ? new AnswerClock(requestedAt, answer).Until(date) : null;
    }

    private static TimeSpan? FromBody(AnswerDocument document) =>
        document.First(Fields) is { } element && AnswerValue.Number(element) is { } seconds ? FromSeconds(seconds) : null;

    private static TimeSpan FromSeconds(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, Longest.TotalSeconds));
}
