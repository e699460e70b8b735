using System.Collections.Frozen;
using Rekindle.Providers;

namespace Rekindle.Attempts;

/// <summary>The names whose values an attempt's record may show. Everything else is shown by type, length and fingerprint.</summary>
internal static class CaptureAllowList
{
    private static readonly FrozenSet<string> Parameters = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
    [
        "access_type", "audience", "client_assertion_type", "client_id", "client_key", "expires_in", "expiring", "grant_type", "redirect_uri",
        "refresh_token_expires_in", "resource", "scope", "token_access_type", "token_type_hint", "type",
    ]);

    private static readonly FrozenSet<string> Fields = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
    [
        "code", "correlation_id", "created_at", "detail", "errcode", "errmsg", "error", "error_code", "error_codes", "error_description",
        "error_message", "error_reason", "error_subcode", "error_subtype", "error_type", "exp", "expires", "expires_at", "expires_in",
        "expires_in_sec", "fbtrace_id", "iat", "issued_at", "message", "needed", "ok", "provided", "reason", "refresh_expires_in",
        "refresh_token_expires_in", "request_id", "retry_after", "scope", "status", "sub_error", "suberror", "success", "timestamp", "title",
        "token_type", "trace_id", "type", "warning", "x_refresh_token_expires_in",
    ]);

    private static readonly FrozenSet<string> Headers = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
    [
        "Accept", "Cache-Control", "CF-RAY", "Connection", "Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "Date",
        "Expires", "Pragma", "RateLimit", "RateLimit-Limit", "RateLimit-Policy", "RateLimit-Remaining", "RateLimit-Reset", "Request-Id",
        "Retry-After", "Server", "Transfer-Encoding", "User-Agent", "Vary", "Via", "WWW-Authenticate", "X-Amzn-RequestId", "X-Cache",
        "X-Correlation-Id", "X-MS-Request-Id", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "X-RateLimit-Limit",
        "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id",
    ]);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> FieldNames = Fields.GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool ShowsParameter(string name) => Parameters.Contains(name);

    public static bool ShowsHeader(string name) => Headers.Contains(name);

    /// <summary>Whether the value at a path of the answer is shown: by its last name, or because the provider's entry reads an error or an expiry there.</summary>
    public static bool ShowsField(string path, ProviderDefinition provider) =>
        !IsToken(path, provider) && path != provider.Response.IdToken
        && (FieldNames.Contains(path.AsSpan(path.LastIndexOf('.') + 1))
            || provider.Errors.Code.Contains(path)
            || provider.Errors.SubCode.Contains(path)
            || provider.Errors.Description.Contains(path)
            || provider.Response.Expiry.Contains(path)
            || provider.Response.RefreshTokenExpiry.Contains(path)
            || provider.Response.Scope.Contains(path));

    /// <summary>Whether the path is itself a name of this list.</summary>
    public static bool IsKnownField(string path) => Fields.Contains(path);

    public static bool IsToken(string path, ProviderDefinition provider) =>
        provider.Response.AccessToken.Contains(path) || provider.Response.RefreshToken.Contains(path);
}
