using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>What building a request came to: one that can be sent, or the reason why nothing may be sent.</summary>
public abstract record TokenRequestOutcome
{
    private TokenRequestOutcome()
    {
    }

    /// <summary>The request can be sent.</summary>
    public sealed record Ready(TokenRequest Request) : TokenRequestOutcome;

    /// <summary>Nothing may be sent.</summary>
    /// <param name="Class">
    /// <see cref="RefreshClass.ClientCredentialsMissing"/>, <see cref="RefreshClass.NoRefreshToken"/>,
    /// <see cref="RefreshClass.DecryptFailed"/>, or <see cref="RefreshClass.RequestRejected"/> when provider facts and
    /// variables give no usable address.
    /// </param>
    /// <param name="Problem">What is missing and where it is set, without any value.</param>
    /// <param name="Synthetic">The request as it would have looked, placeholders for what is missing; null when not even the address is known.</param>
    public sealed record Refused(RefreshClass Class, string Problem, TokenRequest? Synthetic) : TokenRequestOutcome;
}
