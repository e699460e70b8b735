namespace Rekindle.Storage;

/// <summary>Figures for metrics and alerts. Each comes from an index and is counted to a bound: the cost does not grow with what is stored.</summary>
public interface IObservationStore
{
    /// <summary>Reads them. Figures of different tables need not be of the same instant.</summary>
    Task<StoreObservation> ReadAsync(ObservationRequest request, CancellationToken cancellationToken);
}

/// <summary>What to count.</summary>
/// <param name="Overdue">Queues to count in.</param>
/// <param name="EndedBefore">Active connections whose token ended before this are overlooked.</param>
/// <param name="AtMost">Where counting stops, for each figure.</param>
public sealed record ObservationRequest(IReadOnlyCollection<OverdueRange> Overdue, DateTimeOffset EndedBefore, int AtMost);

/// <summary>A part of an integration's queue.</summary>
/// <param name="IntegrationId">Whose.</param>
/// <param name="From">Nothing claimable is due before this.</param>
/// <param name="Before">Due at or before this is counted.</param>
public sealed record OverdueRange(int IntegrationId, DateTimeOffset From, DateTimeOffset Before);

/// <summary>Figures about the whole database, each no higher than the request's bound.</summary>
/// <param name="Overdue">Claimable connections by integration; those without one are absent.</param>
/// <param name="ExpiredWhileActive">Active connections, not being refreshed, whose token has ended.</param>
/// <param name="LateResults">Results that wait for their connection to be free (I5).</param>
/// <param name="Undecryptable">Connections whose stored token could not be opened.</param>
public sealed record StoreObservation(IReadOnlyDictionary<int, int> Overdue, int ExpiredWhileActive, int LateResults, int Undecryptable);
