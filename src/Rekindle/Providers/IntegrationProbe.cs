using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Providers;

/// <summary>
/// Finds out whether a provider accepts our client without touching a grant: a refresh with a token that cannot be valid. A
/// provider that complains about the token has accepted the client; one that complains about the client has not.
/// </summary>
public sealed class IntegrationProbe
{
    private static readonly Secret NoToken = new("rekindle-test-not-a-token");

    private readonly TokenExchange _exchange;
    private readonly RateBudget _budget;
    private readonly IAuditStore _audit;
    private readonly RefreshClock _clock;

    internal IntegrationProbe(TokenExchange exchange, RateBudget budget, IAuditStore audit, RefreshClock clock)
    {
        _exchange = exchange;
        _budget = budget;
        _audit = audit;
        _clock = clock;
    }

    /// <summary>Looks at one thing after another and stops at the first that fails.</summary>
    public async Task<IReadOnlyList<ProbeCheck>> TestAsync(IntegrationEntry entry, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var integration = entry.Integration;
        await _audit.AppendAsync(
            new AuditEntry(0, _clock.Now, integration.Environment, actor, "integration.test", integration.Key, null), CancellationToken.None).ConfigureAwait(false);
        if (entry.Provider is not { } provider)
        {
            return [Failed("provider", $"The catalogue has no provider '{integration.Provider}'.")];
        }

        var checks = new List<ProbeCheck> { Ok("provider", $"{provider.DisplayName}, version {provider.Version} of its entry.") };
        var grant = new GrantMaterial { AccessToken = NoToken, RefreshToken = NoToken, Variables = integration.Variables };
        switch (TokenRequestBuilder.Refresh(provider, entry.Credentials, grant, _clock.Now))
        {
            case TokenRequestOutcome.Refused refused:
                checks.Add(Failed("credentials", refused.Problem));
                break;
            case TokenRequestOutcome.Ready when provider.Requests.RefreshKind == RefreshKind.None:
                checks.Add(new("client", ProbeResult.Unclear, $"{provider.DisplayName} has no refresh to test the client with."));
                break;
            case TokenRequestOutcome.Ready ready:
                checks.Add(Ok("credentials", $"Client {entry.Credentials.ClientId}."));
                checks.AddRange(await SendAsync(integration, provider, ready.Request, grant, cancellationToken).ConfigureAwait(false));
                break;
        }

        return checks;
    }

    private async Task<IReadOnlyList<ProbeCheck>> SendAsync(
        Integration integration, ProviderDefinition provider, TokenRequest request, GrantMaterial grant, CancellationToken cancellationToken)
    {
        var permit = await _budget.TakeOnDemandAsync(integration, cancellationToken).ConfigureAwait(false);
        if (permit.Count == 0)
        {
            return [new("endpoint", ProbeResult.Unclear, "The integration's budget is used up; nothing was sent.")];
        }

        var result = await _exchange.SendAsync(request, _clock.Options.HttpDeadline, null, cancellationToken).ConfigureAwait(false);
        var host = request.Uri.Host;
        if (result.Answer is not { } answer)
        {
            return [Failed("endpoint", $"{host} did not answer: {result.Failure!.Message}")];
        }

        var classified = RefreshClassifier.Classify(provider, result, grant);
        var said = classified.ErrorCode is { } code ? $"{answer.Status} {code}" : $"{answer.Status}";
        return [Ok("endpoint", $"{host} answered {said}."), Judge(provider, classified, said)];
    }

    private static ProbeCheck Judge(ProviderDefinition provider, Classified classified, string said) => classified.Class switch
    {
        RefreshClass.GrantDead or RefreshClass.ConsentRequired or RefreshClass.InteractionRequired or RefreshClass.NotDueYet or RefreshClass.Success =>
            Ok("client", $"{provider.DisplayName} accepts the client: it complains about the test's token only ({said})."),
        RefreshClass.ClientMisconfigured or RefreshClass.ClientCredentialsMissing => Failed(
            "client", $"{provider.DisplayName} refuses the client ({said}{(classified.Message is { } text ? $": {text}" : "")}). Correct client id, secret or registration."),
        RefreshClass.RateLimited or RefreshClass.ProviderUnavailable or RefreshClass.Network or RefreshClass.OutcomeUnknown =>
            new("client", ProbeResult.Unclear, $"{provider.DisplayName} cannot say now ({said}). Try again later."),
        _ => new("client", ProbeResult.Unclear, $"{provider.DisplayName} refuses the test's request without saying whether it knows the client ({said})."),
    };

    private static ProbeCheck Ok(string name, string detail) => new(name, ProbeResult.Ok, detail);

    private static ProbeCheck Failed(string name, string detail) => new(name, ProbeResult.Failed, detail);
}

/// <summary>One thing that a probe looked at.</summary>
/// <param name="Name"><c>provider</c>, <c>credentials</c>, <c>endpoint</c> or <c>client</c>.</param>
/// <param name="Result">What came of it.</param>
/// <param name="Detail">In words, with the remedy.</param>
public sealed record ProbeCheck(string Name, ProbeResult Result, string Detail);

/// <summary>What came of one check.</summary>
public enum ProbeResult
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Wrong.</summary>
    Failed,

    /// <summary>It cannot be told.</summary>
    Unclear,
}
