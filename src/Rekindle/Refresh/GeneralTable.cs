namespace Rekindle.Refresh;

/// <summary>DESIGN §2 for a provider of which nothing special is known: (status, body, codes) → class.</summary>
internal static class GeneralTable
{
    /// <summary>Decides.</summary>
    /// <param name="answer">The answer, which holds no usable tokens.</param>
    /// <param name="reading">What its body says.</param>
    /// <param name="brokeOff">The connection broke before the answer's end.</param>
    /// <returns>The class, and the code that decided if one did.</returns>
    public static (RefreshClass Class, string? Code) Decide(ProviderAnswer answer, AnswerReading reading, bool brokeOff)
    {
        var (code, byCode) = KnownCode(reading);
        switch (answer.Status)
        {
            case 429:
                return (RefreshClass.RateLimited, code);
            case 408 or 425:
                return (RefreshClass.Network, code);
            case >= 300 and < 400:
                return (RefreshClass.Unclassified, code);
            case >= 500:
                return (ServerError(answer, reading, byCode), code);
            default:
                return (byCode ?? WithoutKnownCode(answer, reading, brokeOff), code);
        }
    }

    /// <summary>Ends a grant, or may halt a client.</summary>
    public static bool IsDrastic(RefreshClass @class) =>
        @class is RefreshClass.ClientMisconfigured or RefreshClass.GrantDead or RefreshClass.ConsentRequired or RefreshClass.InteractionRequired;

    private static (string? Code, RefreshClass? Class) KnownCode(AnswerReading reading)
    {
        foreach (var code in reading.ErrorCodes)
        {
            if (StandardErrors.ClassOf(code) is { } @class)
            {
                return (code, @class);
            }
        }

        return (null, null);
    }

    /// <summary>A firewall's or a framework's 403 is no word of the authorization server (F47).</summary>
    private static bool HasOAuthCode(ProviderAnswer answer, AnswerReading reading) =>
        reading.ErrorCodes.Any(code => StandardErrors.IsOAuthCode(code, answer.Status));

    /// <summary>
    /// A server error with a code in it: a code that would end a grant or halt a client is evidence, but not proof, from
    /// a server in trouble (A7). Without a known one, a gateway's words leave open whether the server behind it has acted (I7, F09).
    /// </summary>
    private static RefreshClass ServerError(ProviderAnswer answer, AnswerReading reading, RefreshClass? byCode)
    {
        if (byCode is { } known && IsDrastic(known))
        {
            return RefreshClass.AuthAmbiguous;
        }

        if (byCode is null && answer.Status is 502 or 504 or 520 or 524 or 598 or 599)
        {
            return RefreshClass.OutcomeUnknown;
        }

        return byCode == RefreshClass.RateLimited || (answer.Status == 503 && reading.RetryAfter is not null)
            ? RefreshClass.RateLimited
            : RefreshClass.ProviderUnavailable;
    }

    private static RefreshClass WithoutKnownCode(ProviderAnswer answer, AnswerReading reading, bool brokeOff) => answer.Status switch
    {
        < 300 => RefreshClass.OutcomeUnknown,
        404 or 405 or 410 => RefreshClass.Unclassified,
        _ when brokeOff => RefreshClass.Network,
        401 or 403 => HasOAuthCode(answer, reading) ? RefreshClass.AuthAmbiguous : RefreshClass.ProviderUnavailable,
        _ when reading.Kind == AnswerKind.Markup => RefreshClass.ProviderUnavailable,
        _ => RefreshClass.Unclassified,
    };
}
