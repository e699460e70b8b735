using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>
/// Discovery documents in memory. One that was read stays in use when it cannot be read again: a provider's outage must not take away
/// what is known of it.
/// </summary>
internal sealed class ProviderDiscovery(TokenExchange exchange, TimeProvider time, ILogger<ProviderDiscovery> logger)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<string, Known> _known = new();

    /// <summary>The entry, completed by its discovery document if it needs one; and why it cannot be used yet, null when it can.</summary>
    public (ProviderDefinition? Provider, string? Unready) Complete(ProviderDefinition? provider, Integration integration)
    {
        if (provider?.Endpoints.Discovery is null)
        {
            return (provider, null);
        }

        return _known.GetValueOrDefault(KeyOf(provider, integration)) switch
        {
            { Endpoints: { } endpoints } => (endpoints.Complete(provider), null),
            { Problem: { } problem } => (provider, problem),
            _ => (provider, $"The discovery document of integration '{integration.Key}' has not been read yet."),
        };
    }

    /// <summary>Whether an entry's document is missing or old.</summary>
    public bool IsWanted(ProviderDefinition? provider, Integration integration) => provider?.Endpoints.Discovery is not null
        && !(_known.GetValueOrDefault(KeyOf(provider, integration)) is { Endpoints: not null } known && time.GetUtcNow() - known.ReadAt < Lifetime);

    /// <summary>Reads an entry's document. True: what is known of it changed.</summary>
    public async Task<bool> ReadAsync(ProviderDefinition provider, Integration integration, CancellationToken cancellationToken)
    {
        var key = KeyOf(provider, integration);
        var before = _known.GetValueOrDefault(key);
        var (endpoints, problem) = await FetchAsync(provider, integration, cancellationToken).ConfigureAwait(false);
        problem = endpoints is null ? $"The discovery document of integration '{integration.Key}' {problem}." : null;
        if (problem is not null && problem != before?.Problem)
        {
            logger.DiscoveryFailed(integration.Environment, integration.Key, problem);
        }

        var after = new Known(endpoints ?? before?.Endpoints, problem, endpoints is null ? before?.ReadAt ?? default : time.GetUtcNow());
        _known[key] = after;
        return before is null || before.Problem != after.Problem || !Same(before.Endpoints, after.Endpoints);
    }

    private async Task<(DiscoveredEndpoints? Endpoints, string? Problem)> FetchAsync(
        ProviderDefinition provider, Integration integration, CancellationToken cancellationToken)
    {
        switch (TokenRequestBuilder.Discover(provider, integration.Variables))
        {
            case TokenRequestOutcome.Refused(_, var refused, _):
                return (null, $"cannot be asked for: {refused.TrimEnd('.')}");
            case TokenRequestOutcome.Ready(var request):
                var result = await exchange.SendAsync(request, Deadline, null, cancellationToken).ConfigureAwait(false);
                return result.Answer is { IsSuccessStatus: true } answer && result.Failure is null
                    ? (DiscoveredEndpoints.Read(answer, IssuerOf(provider, integration, request), provider.AllowsInsecureEndpoints, out var problem), problem)
                    : (null, $"could not be read: {(result.Failure is { } failure ? failure.Message.TrimEnd('.') : $"HTTP {result.Answer?.Status}")}");
            default:
                throw new InvalidOperationException("Unknown outcome.");
        }
    }

    // Without an issuer of its own the document must belong to the address it was found under.
    private static string IssuerOf(ProviderDefinition provider, Integration integration, TokenRequest request) =>
        provider.IssuerFor(integration.Variables)
        ?? request.Uri.AbsoluteUri.Split("/.well-known/", 2)[0];

    private static string KeyOf(ProviderDefinition provider, Integration integration) =>
        UrlTemplate.Expand(provider.Endpoints.Discovery!, provider, integration.Variables) is UrlExpansion.Expanded(var url)
            ? url.AbsoluteUri
            : $"{provider.Key} {integration.Environment} {integration.Key}";

    private static bool Same(DiscoveredEndpoints? a, DiscoveredEndpoints? b) => ReferenceEquals(a, b) || (a is not null && b is not null
        && a with { TokenAuthentication = [] } == b with { TokenAuthentication = [] } && a.TokenAuthentication.SequenceEqual(b.TokenAuthentication));

    private sealed record Known(DiscoveredEndpoints? Endpoints, string? Problem, DateTimeOffset ReadAt);
}
