namespace Rekindle.AspNetCore.Http;

/// <summary>Parameters that several operations have.</summary>
internal static class CommonQuery
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;

    public static QueryParameter<int?> Limit { get; } = Query.Number("limit", $"Most items of the page; {DefaultLimit} unless told.", 1, MaxLimit);

    public static QueryParameter<string?> Integration { get; } = Query.Text("integration", "Key of the integration.");

    public static QueryParameter<string?> Subject { get; } = Query.Text("subject", "Your own user id.");

    public static QueryParameter<string?> Tenant { get; } = Query.Text("tenant", "Customer or organisation.");

    public static QueryParameter<string?> Purpose { get; } = Query.Text("purpose", "Purpose of the token.");

    public static QueryParameter<string?> Account { get; } = Query.Text("account", "Which of several accounts.");
}
