using System.Text.Json;

namespace Rekindle.Simulator.Personalities;

/// <summary>The form of a successful token answer.</summary>
public sealed record AnswerShape
{
    /// <summary>HTTP status. Default 200.</summary>
    public int Status { get; init; } = 200;

    /// <summary>How the body is written.</summary>
    public AnswerFormat Format { get; init; } = AnswerFormat.Json;

    /// <summary>Content type when it is not the one that fits the format.</summary>
    public string? ContentType { get; init; }

    /// <summary>Name of the object that holds the fields (<c>data</c>); null: they stand at the top.</summary>
    public string? Envelope { get; init; }

    /// <summary>Name of the access token's field.</summary>
    public string AccessTokenField { get; init; } = "access_token";

    /// <summary>Name of the refresh token's field.</summary>
    public string RefreshTokenField { get; init; } = "refresh_token";

    /// <summary>Name of the expiry's field.</summary>
    public string ExpiryField { get; init; } = "expires_in";

    /// <summary>How the expiry is written.</summary>
    public ExpiryForm Expiry { get; init; } = ExpiryForm.Seconds;

    /// <summary>What stands for the refresh token in a refresh that brought no new one.</summary>
    public UnrotatedRefreshToken Unrotated { get; init; } = UnrotatedRefreshToken.Absent;

    /// <summary>Name of the field with the refresh token's remaining seconds; null: not told.</summary>
    public string? RefreshTokenExpiryField { get; init; }

    /// <summary>Value of <c>token_type</c>.</summary>
    public string TokenType { get; init; } = "Bearer";

    /// <summary>Between the granted scopes; null: they are not told.</summary>
    public string? ScopeSeparator { get; init; } = " ";

    /// <summary>An object whose members stand beside the fields at the top (<c>ok</c>, <c>instance_url</c>).</summary>
    public JsonElement? Extra { get; init; }
}

/// <summary>How the body of an answer is written.</summary>
public enum AnswerFormat
{
    /// <summary>A JSON object.</summary>
    Json,

    /// <summary>application/x-www-form-urlencoded.</summary>
    Form,

    /// <summary>Form-encoded unless the request's <c>Accept</c> names JSON.</summary>
    FormUnlessJsonAccepted,
}

/// <summary>How an expiry is written.</summary>
public enum ExpiryForm
{
    /// <summary>A number of seconds from now.</summary>
    Seconds,

    /// <summary>The same in quotes.</summary>
    SecondsAsText,

    /// <summary>The same with a fraction.</summary>
    SecondsAsFraction,

    /// <summary>A number of milliseconds from now.</summary>
    Milliseconds,

    /// <summary>Unix seconds.</summary>
    UnixSeconds,

    /// <summary>Unix milliseconds.</summary>
    UnixMilliseconds,

    /// <summary>ISO 8601 text.</summary>
    Iso8601,

    /// <summary>Not told, although the token expires.</summary>
    Absent,
}

/// <summary>What stands for the refresh token in a refresh that brought no new one.</summary>
public enum UnrotatedRefreshToken
{
    /// <summary>Nothing.</summary>
    Absent,

    /// <summary>The same token again.</summary>
    Echoed,

    /// <summary><c>null</c>.</summary>
    Null,

    /// <summary>An empty string.</summary>
    Empty,
}
