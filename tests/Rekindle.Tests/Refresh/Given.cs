using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

/// <summary>Providers and exchanges for tests of reading and classifying.</summary>
internal static class Given
{
    public static DateTimeOffset Now { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static ClientCredentials Client { get; } = new("client-1", new Secret("client-secret-of-1"));

    public static GrantMaterial Grant { get; } = new()
    {
        AccessToken = new Secret("old-access-token-0123456789"),
        RefreshToken = new Secret("old-refresh-token-0123456789"),
        ExpiresAt = Now.AddMinutes(5),
        Scopes = ["read", "write"],
    };

    public static ProviderDefinition Provider { get; } = new()
    {
        Key = "test",
        DisplayName = "Test",
        Endpoints = new ProviderEndpoints
        {
            Authorize = "https://provider.example/authorize",
            Token = "https://provider.example/token",
            Revoke = "https://provider.example/revoke",
        },
    };

    public static ExchangeResult Answer(int status, string body, string? contentType = "application/json", params (string Name, string Value)[] headers) =>
        Answer(status, System.Text.Encoding.UTF8.GetBytes(body), contentType, headers);

    public static ExchangeResult Answer(int status, byte[] body, string? contentType = "application/json", params (string Name, string Value)[] headers) => new()
    {
        RequestedAt = Now,
        ContentWritten = true,
        Answer = new ProviderAnswer
        {
            Status = status,
            Body = body,
            ContentType = contentType,
            Headers = [.. headers.Select(header => KeyValuePair.Create(header.Name, header.Value))],
        },
    };

    public static Classified Classify(this ProviderDefinition provider, ExchangeResult result) =>
        RefreshClassifier.Classify(provider, result, Grant);

    /// <summary>The same request for a server of the test's own.</summary>
    public static TokenRequest To(this TokenRequest request, Uri server) => new()
    {
        Kind = request.Kind,
        Method = request.Method,
        Uri = new Uri(server, request.Uri.PathAndQuery),
        Headers = request.Headers,
        ContentType = request.ContentType,
        Content = request.Content,
        Parameters = request.Parameters,
        TokenParameter = request.TokenParameter,
        Secrets = request.Secrets,
    };

    public static TokenRequest Ready(this TokenRequestOutcome outcome) => Assert.IsType<TokenRequestOutcome.Ready>(outcome).Request;

    public static TokenRequestOutcome.Refused Refused(this TokenRequestOutcome outcome) => Assert.IsType<TokenRequestOutcome.Refused>(outcome);
}
