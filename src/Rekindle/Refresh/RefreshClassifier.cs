using Rekindle.Attempts;
using Rekindle.Encryption;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>
/// What an exchange means: a pure function of what was sent, what came back, and what is known of the provider. The
/// provider's rules are asked first, then the general table; what neither knows costs a back-off, never a grant.
/// </summary>
public static class RefreshClassifier
{
    private const int MaxCode = 100;

    /// <summary>How far apart two readings of the same expiry may lie.</summary>
    private static readonly TimeSpan SameExpiry = TimeSpan.FromSeconds(60);

    /// <summary>Classifies an exchange.</summary>
    /// <param name="provider">The provider's dialect.</param>
    /// <param name="result">What became of the request.</param>
    /// <param name="sent">The grant it was made from.</param>
    public static Classified Classify(ProviderDefinition provider, ExchangeResult result, GrantMaterial sent)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(sent);
        if (result.Answer is not { } answer)
        {
            return OnTheWay(result);
        }

        var reading = AnswerReader.Read(provider, answer, result.RequestedAt);
        Secret?[] secrets = [.. result.Secrets, .. reading.Secrets, sent.AccessToken, sent.RefreshToken];
        return reading.Tokens is { } tokens
            ? Succeeded(WithoutSecretScopes(tokens, secrets), sent)
            : Failed(provider, result, answer, reading, new SecretScrubber(secrets));
    }

    /// <summary>Scopes are stored and shown as they are: what is a token in the wrong place is no scope.</summary>
    private static TokenAnswer WithoutSecretScopes(TokenAnswer tokens, Secret?[] secrets)
    {
        if (tokens.Scopes is not { } scopes)
        {
            return tokens;
        }

        var plain = new List<string>(scopes.Count);
        foreach (var scope in scopes)
        {
            if (!IsSecret(scope, secrets))
            {
                plain.Add(scope);
            }
        }

        return plain.Count == scopes.Count ? tokens : tokens with { Scopes = plain };
    }

    private static bool IsSecret(string scope, Secret?[] secrets)
    {
        foreach (var secret in secrets)
        {
            if (SecretScrubber.Concerns(scope, secret))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The class of a request that was refused before HTTP.</summary>
    public static Classified BeforeHttp(TokenRequestOutcome.Refused refused)
    {
        ArgumentNullException.ThrowIfNull(refused);
        return new Classified
        {
            Class = refused.Class,
            Message = refused.Problem,
            Reason = refused.Class.Reason(),
            WhoActs = refused.Class.WhoActs(),
            ProvablyNotSent = true,
        };
    }

    /// <summary>
    /// The same access token handed back means that it was too early, unless something new came with it: a later expiry
    /// (Instagram extends the token itself) or another refresh token (F11: always kept).
    /// </summary>
    private static Classified Succeeded(TokenAnswer tokens, GrantMaterial sent)
    {
        var isSame = tokens.AccessToken.Equals(sent.AccessToken)
            && (tokens.RefreshToken is null || tokens.RefreshToken.Equals(sent.RefreshToken))
            && !IsExtended(tokens, sent);
        var @class = isSame ? RefreshClass.NotDueYet : RefreshClass.Success;
        return new Classified { Class = @class, WhoActs = @class.WhoActs(), Tokens = tokens };
    }

    private static bool IsExtended(TokenAnswer tokens, GrantMaterial sent) =>
        tokens.ExpirySource is ExpirySource.ExpiresIn or ExpirySource.AbsoluteField or ExpirySource.Jwt
        && sent.ExpiresAt is { } before && tokens.ExpiresAt > before + SameExpiry;

    private static Classified OnTheWay(ExchangeResult result)
    {
        var @class = result.ContentWritten ? RefreshClass.OutcomeUnknown : RefreshClass.Network;
        return new Classified
        {
            Class = @class,
            Message = result.Failure?.Message,
            WhoActs = result.Failure?.Kind is TransportFailureKind.AddressRefused ? WhoActs.Operator : @class.WhoActs(),
            ProvablyNotSent = result.ProvablyNotSent,
        };
    }

    private static Classified Failed(
        ProviderDefinition provider, ExchangeResult result, ProviderAnswer answer, AnswerReading reading, SecretScrubber scrubber)
    {
        var general = GeneralTable.Decide(answer, reading, result.Failure is not null);
        var rule = Dialect.Find(provider.Errors.Rules, answer.Status, reading, general.Class);
        var @class = rule is null ? general.Class : Dialect.Apply(rule, answer.Status, general.Class);
        var isKnown = rule is { Confidence: not Confidence.Assumed } && rule.Class == @class;
        return new Classified
        {
            Class = @class,
            ErrorCode = ProviderText.Clean(rule?.Code ?? general.Code ?? First(reading.ErrorCodes), scrubber, MaxCode),
            ErrorSubCode = ProviderText.Clean(rule?.SubCode ?? First(reading.ErrorSubCodes), scrubber, MaxCode),
            // The text of a success that is none may be the token itself.
            Message = (answer.IsSuccessStatus && reading.Kind == AnswerKind.Text ? null : ProviderText.Clean(reading.ErrorText, scrubber)) ?? result.Failure?.Message ?? Describe(answer, reading),
            Reason = (isKnown ? rule!.Reason : null) ?? @class.Reason(),
            WhoActs = (isKnown ? rule!.WhoActs : null) ?? @class.WhoActs(),
            RetryAfter = reading.RetryAfter,
            HaltsAtOnce = @class == RefreshClass.ClientMisconfigured && (rule is null ? StandardErrors.HaltsAtOnce(general.Code) : isKnown),
        };
    }

    private static string? First(IReadOnlyList<string> values) => values is [var first, ..] ? first : null;

    private static string Describe(ProviderAnswer answer, AnswerReading reading) => reading.Kind switch
    {
        AnswerKind.Empty => $"HTTP {answer.Status} with an empty body.",
        AnswerKind.Markup => $"HTTP {answer.Status} with a web page of {answer.Body.Length} bytes instead of an OAuth answer.",
        AnswerKind.Truncated => $"HTTP {answer.Status} with a body that is too long or broke off.",
        AnswerKind.Unreadable => $"HTTP {answer.Status} with {answer.Body.Length} bytes that are neither JSON nor text.",
        _ => $"HTTP {answer.Status} without an error text.",
    };
}
