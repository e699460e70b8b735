using System.Net;
using System.Text;
using Microsoft.Identity.Client;

namespace Rekindle.Benchmarks.Floors;

/// <summary>MSAL, led to a provider of ours.</summary>
internal static class MsalPeer
{
    public static IConfidentialClientApplication Create(HttpMessageHandler handler) => ConfidentialClientApplicationBuilder.Create("bench-client")
        .WithClientSecret(StubProvider.ClientSecret)
        .WithAuthority("https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", validateAuthority: false)
        .WithInstanceDiscovery(false)
        .WithHttpClientFactory(new Factory(new HttpClient(handler)))
        .Build();

    /// <summary>Sends whatever MSAL asks for to the token endpoint.</summary>
    public static HttpMessageHandler To(Uri tokenEndpoint) => new Redirecting(tokenEndpoint);

    /// <summary>Answers by itself, for what is measured without a provider.</summary>
    public static HttpMessageHandler Answering() => new Canned();

    private sealed class Factory(HttpClient client) : IMsalHttpClientFactory
    {
        public HttpClient GetHttpClient() => client;
    }

    private sealed class Redirecting(Uri tokenEndpoint) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = tokenEndpoint;
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Canned : HttpMessageHandler
    {
        private static readonly string Body =
            $$"""{"token_type":"Bearer","expires_in":7200,"access_token":"{{new string('a', StubProvider.AccessTokenLength)}}"}""";

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Body, Encoding.UTF8, "application/json") });
    }
}
