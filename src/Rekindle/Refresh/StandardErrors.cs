using System.Globalization;

namespace Rekindle.Refresh;

/// <summary>The error codes of the standards (RFC 6749, 6750, 8628, 8707, OpenID Connect) and their classes.</summary>
internal static class StandardErrors
{
    private static readonly Dictionary<string, RefreshClass> Classes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["invalid_grant"] = RefreshClass.GrantDead,
        ["consent_required"] = RefreshClass.ConsentRequired,
        ["interaction_required"] = RefreshClass.InteractionRequired,
        ["login_required"] = RefreshClass.InteractionRequired,
        ["account_selection_required"] = RefreshClass.InteractionRequired,
        ["invalid_client"] = RefreshClass.ClientMisconfigured,
        ["unauthorized_client"] = RefreshClass.ClientMisconfigured,
        ["invalid_request"] = RefreshClass.RequestRejected,
        ["invalid_scope"] = RefreshClass.RequestRejected,
        ["invalid_target"] = RefreshClass.RequestRejected,
        ["unsupported_grant_type"] = RefreshClass.RequestRejected,
        ["access_denied"] = RefreshClass.AuthAmbiguous,
        ["invalid_token"] = RefreshClass.AuthAmbiguous,
        ["insufficient_scope"] = RefreshClass.AuthAmbiguous,
        ["server_error"] = RefreshClass.ProviderUnavailable,
        ["temporarily_unavailable"] = RefreshClass.ProviderUnavailable,
        ["slow_down"] = RefreshClass.RateLimited,
    };

    /// <summary>What gateways and web frameworks write into <c>error</c>: the status in words, and no OAuth code.</summary>
    private static readonly HashSet<string> ReasonPhrases = new(StringComparer.OrdinalIgnoreCase)
    {
        "Bad Gateway", "Bad Request", "Forbidden", "Gateway Timeout", "Gateway Time-out", "Internal Server Error", "Not Found",
        "Service Unavailable", "Too Many Requests", "Unauthorized",
    };

    /// <summary>Whether an answer's code says more than its status does.</summary>
    public static bool IsOAuthCode(string code, int status) =>
        !ReasonPhrases.Contains(code) && code != status.ToString(CultureInfo.InvariantCulture);

    public static RefreshClass? ClassOf(string code) => Classes.TryGetValue(code, out var @class) ? @class : null;

    /// <summary>
    /// Only <c>invalid_client</c> speaks of our client and nothing else; some servers say <c>unauthorized_client</c> of a
    /// dead refresh token.
    /// </summary>
    public static bool HaltsAtOnce(string? code) => string.Equals(code, "invalid_client", StringComparison.OrdinalIgnoreCase);
}
