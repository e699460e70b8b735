namespace Rekindle.Simulator.Personalities;

/// <summary>Each differs from <c>plain</c> in how it words an answer or a refusal.</summary>
internal static class ShapePresets
{
    public static IReadOnlyDictionary<string, Personality> All { get; } = new Dictionary<string, Personality>
    {
        ["no-expiry"] = Shape("Access tokens expire and the answer does not say when.", new() { Expiry = ExpiryForm.Absent }),
        ["text-expiry"] = Shape("expires_in is a number in quotes.", new() { Expiry = ExpiryForm.SecondsAsText }),
        ["float-expiry"] = Shape("expires_in has a fraction.", new() { Expiry = ExpiryForm.SecondsAsFraction }),
        ["milliseconds"] = Shape("expires_in counts milliseconds.", new() { Expiry = ExpiryForm.Milliseconds }),
        ["absolute"] = Shape("expires_at holds Unix seconds.", new() { ExpiryField = "expires_at", Expiry = ExpiryForm.UnixSeconds }),
        ["absolute-milliseconds"] = Shape(
            "expires_at holds Unix milliseconds.", new() { ExpiryField = "expires_at", Expiry = ExpiryForm.UnixMilliseconds }),
        ["iso-expiry"] = Shape("expires_at holds an ISO 8601 time.", new() { ExpiryField = "expires_at", Expiry = ExpiryForm.Iso8601 }),
        ["null-refresh"] = Shape("A refresh answers refresh_token: null.", new() { Unrotated = UnrotatedRefreshToken.Null }),
        ["empty-refresh"] = Shape("A refresh answers an empty refresh_token.", new() { Unrotated = UnrotatedRefreshToken.Empty }),
        ["echo-refresh"] = Shape("A refresh repeats the refresh token.", new() { Unrotated = UnrotatedRefreshToken.Echoed }),
        ["form"] = Shape("Answers are form-encoded.", new() { Format = AnswerFormat.Form }),
        ["html-typed"] = Shape("Answers are JSON and typed text/html.", new() { ContentType = "text/html; charset=utf-8" }),
        ["created"] = Shape("Success is 201.", new() { Status = 201 }),
        ["nested"] = Shape("The fields have other names and stand under data.", new()
        {
            Envelope = "data",
            AccessTokenField = "accessToken",
            RefreshTokenField = "refreshToken",
            ExpiryField = "expireTime",
            Expiry = ExpiryForm.Iso8601,
        }),
        ["jwt"] = new()
        {
            Summary = "Access tokens are JWTs with exp, and the answer does not say when they expire.",
            AccessTokenLook = new("", Jwt: true),
            Answer = new() { Expiry = ExpiryForm.Absent },
        },
        ["html-errors"] = new() { Summary = "Every refusal is an HTML page.", Errors = Dialects.Html },
        ["500-errors"] = new() { Summary = "Every refusal is a 500.", Errors = Dialects.AlwaysServerError },
    };

    private static Personality Shape(string summary, AnswerShape shape) => new() { Summary = summary, Answer = shape };
}
