using Rekindle.Notifications;

namespace Rekindle.Storage;

/// <summary>
/// Verdicts that grants are over, between the answer that brought them and their publication (I10, F1). They come in with
/// <see cref="RefreshCommit.Holds"/>; a refresh that succeeds, a new grant and every lever end them.
/// </summary>
public interface IVerdictStore
{
    /// <summary>Integrations with held verdicts, and suspect ones also without any, and what is to be weighed about them.</summary>
    Task<IReadOnlyList<VerdictTally>> TallyAsync(DateTimeOffset now, TimeSpan window, CancellationToken cancellationToken);

    /// <summary>
    /// Publishes an integration's verdicts whose time has come: status, dependents, message, each connection in a transaction of its
    /// own. With <paramref name="instead"/>, that one message is opened about the integration in place of one for each.
    /// </summary>
    /// <returns>How many, at most <paramref name="limit"/>.</returns>
    Task<int> PublishAsync(int integrationId, NotificationDraft? instead, DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>How many of an integration's connections were refreshed since, counted up to <paramref name="atMost"/>.</summary>
    Task<int> CountRefreshedAsync(int integrationId, DateTimeOffset since, int atMost, CancellationToken cancellationToken);

    /// <summary>Lets that many held connections be tried again, those first that were not tried before. Returns how many.</summary>
    Task<int> SampleAsync(int integrationId, int count, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Lets every held connection of an integration be tried once more; a verdict found again is published at once. Returns how many.</summary>
    Task<int> ReleaseAsync(int integrationId, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>An integration's verdicts.</summary>
/// <param name="IntegrationId">Integration.</param>
/// <param name="Held">Not published.</param>
/// <param name="Due">Of those, how many may be published as far as their delay goes.</param>
/// <param name="Recent">Still true, and either waiting or published within the window and since the integration's state last changed.</param>
/// <param name="Tenant">The tenant of all recent ones; null: they are of several, or of none.</param>
/// <param name="OthersLive">Whether active connections of other tenants were refreshed within the window.</param>
/// <param name="SampleLives">Whether a held connection that was tried again has been refreshed since.</param>
public sealed record VerdictTally(int IntegrationId, int Held, int Due, int Recent, string? Tenant, bool OthersLive, bool SampleLives);
