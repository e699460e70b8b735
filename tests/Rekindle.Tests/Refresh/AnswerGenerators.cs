using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

/// <summary>Answers of every sort: sensible, odd, damaged, and plain noise.</summary>
internal static class AnswerGenerators
{
    private static readonly string[] Names =
    [
        "access_token", "refresh_token", "expires_in", "expires_at", "exp", "error", "error_description", "message", "scope", "token_type",
        "id_token", "ok", "suberror", "error_codes", "retry_after", "refresh_token_expires_in", "authed_user", "data", "x", "", "a.b", "\0",
    ];

    private static readonly string[] Texts =
    [
        "", " ", "token-1", "old-refresh-token-0123456789", "old-access-token-0123456789", "invalid_grant", "invalid_client", "server_error",
        "bad_refresh_token", "3600", "-1", "1772370000", "PT1H", "9e999", "NaN", "2026-03-01T13:00:00Z", "a\0b", "a\r\nb", "\ud800", "ü€😀", "read write",
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3NzIzNzAwMDB9.c2ln", "ENC:x", "null", "<html>", "%zz&=&",
    ];

    private static readonly string[] Codes =
        ["invalid_grant", "invalid_client", "unauthorized_client", "server_error", "slow_down", "bad_refresh_token", "consent_required", "something_new", ""];

    private static readonly int[] Statuses = [100, 201, 204, 299, 301, 302, 401, 403, 404, 405, 408, 410, 418, 425, 429, 500, 502, 503, 504, 524, 599, 999];

    private static readonly ProviderDefinition[] Providers =
    [
        Given.Provider,
        Given.Provider with
        {
            Response = new ResponseRules
            {
                AccessToken = ["authed_user.access_token", "data.access_token", "access_token"],
                RefreshToken = ["authed_user.refresh_token", "data.refresh_token", "refresh_token"],
                ExpiryForm = ExpiryForm.Milliseconds,
                Metadata = new Dictionary<string, string> { ["x"] = "x", ["d"] = "data" },
            },
            Errors = new ErrorRules
            {
                FailureMarks = new Dictionary<string, string> { ["ok"] = "false" },
                SubCode = ["suberror", "error_codes"],
                Rules =
                [
                    new ErrorRule { Code = "bad_refresh_token", Class = RefreshClass.GrantDead, Confidence = Confidence.Confirmed },
                    new ErrorRule { Status = 400, Text = "html|token", Class = RefreshClass.RateLimited },
                ],
            },
        },
    ];

    public static Arbitrary<GeneratedAnswer> Answers { get; } = (
        from provider in Gen.Elements(Providers)
        from status in Gen.Frequency((4, Gen.Constant(200)), (3, Gen.Constant(400)), (3, Gen.Elements(Statuses)))
        from body in Gen.Frequency((6, Json.Select(Utf8)), (2, Form.Select(Utf8)), (1, Damaged), (1, Noise))
        from retryAfter in Gen.Elements(null, "60", "-1", "soon", "Sun, 01 Mar 2026 12:01:00 GMT")
        from truncated in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
        from broken in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new GeneratedAnswer(provider, status, body, retryAfter, truncated || broken, broken)).ToArbitrary();

    private static Gen<string> Text => Gen.OneOf(Gen.Elements(Texts), ArbMap.Default.GeneratorFor<string>().Select(text => text ?? ""));

    private static Gen<string> Json => Gen.Frequency((4, LikeSuccess), (3, LikeError), (3, Value(4)));

    private static Gen<string> LikeSuccess =>
        from token in Text
        from refreshToken in Text
        from others in Few(Member(1))
        from at in Gen.Choose(0, 4)
        let tokens = $"\"access_token\":{Quote(token)},\"refresh_token\":{Quote(refreshToken)}"
        select $"{{{string.Join(',', [.. others.Take(at), tokens, .. others.Skip(at)])}}}";

    private static Gen<string> LikeError =>
        from code in Gen.Elements(Codes)
        from others in Few(Member(1))
        from at in Gen.Choose(0, 4)
        select $"{{{string.Join(',', [.. others.Take(at), $"\"error\":\"{code}\"", .. others.Skip(at)])}}}";

    private static Gen<string> Form =>
        from pairs in Few(
            from name in Gen.Elements(Names)
            from value in Text
            select $"{name}={Uri.EscapeDataString(WithoutHalves(value))}")
        select string.Join('&', pairs);

    private static Gen<byte[]> Damaged =>
        from json in Json
        from cut in Gen.Choose(0, 200)
        from flip in Gen.Choose(0, 200)
        from with in Gen.Choose(0, 255)
        select Damage(Utf8(json), cut, flip, (byte)with);

    private static Gen<byte[]> Noise => ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => bytes ?? []);

    private static Gen<string> Value(int depth)
    {
        var leaf = Gen.OneOf(
            Gen.Elements("null", "true", "false", "0", "3600", "-5", "1e400", "1772370000", "1772370000000", "0.5"),
            Text.Select(Quote));
        if (depth <= 0)
        {
            return leaf;
        }

        return Gen.Frequency(
            (3, leaf),
            (1, Few(Value(depth - 1)).Select(items => $"[{string.Join(',', items)}]")),
            (4, Few(Member(depth - 1)).Select(items => $"{{{string.Join(',', items)}}}")));
    }

    private static Gen<string> Member(int depth) =>
        from name in Gen.Elements(Names)
        from value in Value(depth)
        select $"{Quote(name)}:{value}";

    private static Gen<List<string>> Few(Gen<string> item) =>
        from count in Gen.Choose(0, 6)
        from items in Gen.ListOf(item, count)
        select items.ToList();

    /// <summary>JSON text, with half a surrogate pair as an escape: no writer produces it, some servers do.</summary>
    private static string Quote(string text) => text == "\ud800" ? "\"\\ud800\"" : JsonValue.Create(WithoutHalves(text)).ToJsonString();

    private static string WithoutHalves(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Damage(byte[] bytes, int cut, int flip, byte with)
    {
        var damaged = bytes[..Math.Max(0, bytes.Length - cut)];
        if (flip < damaged.Length)
        {
            damaged[flip] = with;
        }

        return damaged;
    }
}

/// <summary>One generated answer.</summary>
internal sealed record GeneratedAnswer(ProviderDefinition Provider, int Status, byte[] Body, string? RetryAfter, bool Truncated, bool Broken)
{
    public ExchangeResult ToResult() => new()
    {
        RequestedAt = Given.Now,
        ContentWritten = true,
        Failure = Broken ? new TransportFailure(TransportFailureKind.Reset, "broke") : null,
        Secrets = [Given.Client.ClientSecret!],
        Answer = new ProviderAnswer
        {
            Status = Status,
            Body = Body,
            Truncated = Truncated,
            Headers = RetryAfter is null ? [] : [new("Retry-After", RetryAfter)],
        },
    };

    public override string ToString() => $"{Status} [{Encoding.UTF8.GetString(Body)}] retry-after={RetryAfter} truncated={Truncated} broken={Broken}";
}
