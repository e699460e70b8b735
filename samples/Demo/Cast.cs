using Rekindle.Simulator.Personalities;

namespace Rekindle.Demo;

/// <summary>One simulated provider of the demo.</summary>
/// <param name="Name">Name of server and integration.</param>
/// <param name="Title">Name for people.</param>
/// <param name="Share">Part of the healthy connections it gets.</param>
/// <param name="Personality">How it behaves.</param>
internal sealed record Actor(string Name, string Title, double Share, Personality Personality);

/// <summary>Who plays: the providers by temperament, and two whose trouble is the whole integration's.</summary>
internal static class Cast
{
    /// <summary>Short, so that every connection is refreshed several times while somebody watches.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromSeconds(15);

    public const string Stormy = "stormy";
    public const string Misconfigured = "misconfigured";
    public const string Strict = "strict";
    public const string Plain = "plain";

    private static readonly Personality Short = new() { AccessTokenLifetime = TokenLifetime };

    public static IReadOnlyList<Actor> All { get; } =
    [
        new(Plain, "Plain (token never rotates)", 0.36, Short),
        new(Strict, "Strict (rotates, reuse ends the grant)", 0.30, Short with { RefreshTokens = new() { RotateEvery = 1, ReuseEndsGrant = true } }),
        new("grace", "Grace (rotates, old one lives 10 s)", 0.12, Short with
        {
            RefreshTokens = new() { RotateEvery = 1, Superseded = Superseded.Grace, Grace = TimeSpan.FromSeconds(10), ReuseEndsGrant = true },
        }),
        new("successor", "Successor (old one lives until the new is used)", 0.10, Short with
        {
            RefreshTokens = new() { RotateEvery = 1, Superseded = Superseded.UntilSuccessorUsed, RepeatsSuccessor = true },
        }),
        new("form", "Form (answers form-encoded)", 0.06, Short with { Answer = new() { Format = AnswerFormat.Form } }),
        new("millis", "Millis (expiry as absolute milliseconds)", 0.06, Short with
        {
            Answer = new() { ExpiryField = "expires_at", Expiry = ExpiryForm.UnixMilliseconds },
        }),
        new(Stormy, "Stormy (down)", 0, Short),
        new(Misconfigured, "Misconfigured (our client secret expired)", 0, Short),
    ];
}
