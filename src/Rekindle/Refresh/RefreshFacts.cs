using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>All that a verdict is formed from.</summary>
internal sealed record RefreshFacts
{
    public required Claim Claim { get; init; }

    public required Integration Integration { get; init; }

    public required ProviderDefinition Provider { get; init; }

    public required Classified Result { get; init; }

    public required RefreshOptions Options { get; init; }

    /// <summary>When the request was sent: expiry counts from here (I12).</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>When the answer was read.</summary>
    public required DateTimeOffset Now { get; init; }

    public required Random Random { get; init; }

    /// <summary>A client error is the integration's fault: said outright, or agreed on by others without a success between (F2).</summary>
    public bool BlamesIntegration { get; init; }

    public IntegrationPolicy Policy => Integration.Policy;

    public bool TokenHasEnded => Claim.Tokens.ExpiresAt is { } end && end <= Now;

    /// <summary>Class, code and text of the failure, bounded; what <c>last_refresh_error</c> holds.</summary>
    public string ErrorText
    {
        get
        {
            var code = (Result.ErrorCode, Result.ErrorSubCode) switch
            {
                (null, _) => "",
                ({ } c, null) => $" {c}",
                ({ } c, { } s) => $" {c}/{s}",
            };
            var text = $"{Names.Of(Result.Class)}:{code}{(Result.Message is { } m ? $" {m}" : "")}";
            return text.Length <= 300 ? text : text[..300];
        }
    }

    /// <summary>When the new tokens are due.</summary>
    public DateTimeOffset? NextDueAt()
    {
        var tokens = Result.Tokens!;
        var life = new TokenLife(
            SentAt, tokens.ExpiresAt, tokens.RefreshTokenExpiresAt ?? Claim.Tokens.RefreshTokenExpiresAt,
            (tokens.RefreshToken is not null) || Claim.Tokens.RefreshToken is not null);
        var floor = Now + RefreshSchedule.Floor(tokens.ExpiresAt - SentAt, Options.RefreshFloor);
        return RefreshSchedule.DueAt(life, Policy, Provider, Claim.Jitter) is { } due ? due > floor ? due : floor : null;
    }

    /// <summary>A verdict that changes nothing: the start of those that change little.</summary>
    public RefreshVerdict Unchanged()
    {
        var c = Claim.Connection;
        return new RefreshVerdict
        {
            ConsecutiveFailures = c.ConsecutiveFailures,
            ConsecutiveTransientFailures = c.ConsecutiveTransientFailures,
            Strikes = c.Strikes,
            FirstStrikeAt = c.FirstStrikeAt,
            LastStrikeAt = c.LastStrikeAt,
            LastRefreshError = c.LastRefreshError,
            DisconnectReason = c.DisconnectReason,
            DegradedAt = c.DegradedAt,
            InDoubtSince = Claim.InDoubtSince,
            WhoActs = Result.WhoActs,
            Decision = "",
            NextStep = "",
        };
    }
}
