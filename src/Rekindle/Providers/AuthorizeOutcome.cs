using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>What building an authorization address came to.</summary>
public abstract record AuthorizeOutcome
{
    private AuthorizeOutcome()
    {
    }

    /// <summary>Send the browser there.</summary>
    public sealed record Ready(Uri Address) : AuthorizeOutcome;

    /// <summary>There is no usable address.</summary>
    /// <param name="Class"><see cref="RefreshClass.ClientCredentialsMissing"/> or <see cref="RefreshClass.RequestRejected"/>.</param>
    /// <param name="Problem">What is missing and where it is set.</param>
    public sealed record Refused(RefreshClass Class, string Problem) : AuthorizeOutcome;
}
