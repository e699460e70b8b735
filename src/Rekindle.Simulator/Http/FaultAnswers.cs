using System.Globalization;
using System.Text;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Http;

/// <summary>What each fault that answers answers.</summary>
internal static class FaultAnswers
{
    private const int HugeBytes = 5 * 1024 * 1024;

    private static readonly Lazy<byte[]> HugeBody = new(MakeHugeBody);

    public static Answer Of(Fault fault, Answer? own, ErrorDialect errors, DateTimeOffset now) => fault.Kind switch
    {
        FaultKind.Throttled => RetryLater(Answer.From(errors.For(TokenError.RateLimited)), fault, now),
        FaultKind.Capacity => Answer.From(errors.For(TokenError.RateLimited)).With("Retry-After", "1"),
        FaultKind.SecretExpired => Answer.From(errors.For(TokenError.SecretExpired)),
        FaultKind.Outage => RetryLater(Answer.Html(503, Page("503 Service Unavailable", "We are down for maintenance.")), fault, now),
        FaultKind.ServerError => Answer.From(errors.For(TokenError.ServerError)),
        FaultKind.GatewayTimeout => Answer.Html(504, Page("504 Gateway Time-out", "The server behind it did not answer in time.")),
        FaultKind.InvalidGrant => Answer.From(errors.For(TokenError.InvalidGrant)),
        FaultKind.ConsentRequired => Answer.From(errors.For(TokenError.ConsentRequired)),
        FaultKind.InteractionRequired => Answer.From(errors.For(TokenError.InteractionRequired)),
        FaultKind.Garbage => Answer.Json(200, new byte[] { 0x00, 0xFF, 0x7B, 0x22, 0x00, 0xC3, 0x28, 0x1F, 0x8B, 0x08 }),
        FaultKind.Empty => Answer.Json(200, default),
        FaultKind.Huge => Answer.Json(200, HugeBody.Value),
        FaultKind.Firewall => Answer.Html(403, Page("Access denied", "This request was blocked. Reference 18.2f3a9c17.")),
        FaultKind.WrongContentType when own is not null => own with { ContentType = "application/octet-stream" },
        FaultKind.Answer => Answer.From(fault.Answer!),
        _ => throw new InvalidOperationException($"A fault of kind {fault.Kind} cannot strike at this stage."),
    };

    private static Answer RetryLater(Answer answer, Fault fault, DateTimeOffset now) => fault.RetryAfter switch
    {
        null => answer,
        { } wait when fault.RetryAfterAsDate => answer.With("Retry-After", (now + wait).ToString("R", CultureInfo.InvariantCulture)),
        { } wait => answer.With("Retry-After", ((long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture)),
    };

    private static string Page(string title, string text) => $"""
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
        <body><h1>{title}</h1><p>{text}</p></body></html>
        """;

    private static byte[] MakeHugeBody()
    {
        const string Head = "{\"padding\":\"";
        var body = new byte[HugeBytes];
        body.AsSpan().Fill((byte)'x');
        Encoding.ASCII.GetBytes(Head, body);
        "\"}"u8.CopyTo(body.AsSpan(HugeBytes - 2));
        return body;
    }
}
