namespace Rekindle.Storage;

/// <summary>
/// Permits to send, shared by all workers (A5): counted in slots of window/60, whole overlapping slots counted, so that no
/// sliding window ever holds more than its maximum. Every call is a short transaction of its own.
/// </summary>
public interface IBudgetStore
{
    /// <summary>
    /// Takes up to <paramref name="wanted"/> permits as long as the window's total stays at or below <paramref name="ceiling"/>.
    /// Returns how many were taken, 0 to wanted.
    /// </summary>
    Task<int> TakeAsync(int integrationId, int wanted, int ceiling, TimeSpan window, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Gives back permits of attempts that sent nothing, to the slot they were taken from: <paramref name="takenAt"/> is the
    /// <c>now</c> of their <see cref="TakeAsync"/>. A slot that counts no longer is left alone, and none goes below zero.
    /// </summary>
    Task ReturnAsync(int integrationId, int permits, TimeSpan window, DateTimeOffset takenAt, CancellationToken cancellationToken);

    /// <summary>Adds outcomes to the present slots' statistics, each integration at most once.</summary>
    Task RecordAsync(IReadOnlyList<BudgetOutcomes> outcomes, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Totals of the window that ends now.</summary>
    Task<BudgetUse> ReadAsync(int integrationId, TimeSpan window, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>Outcomes of an integration's refreshes.</summary>
/// <param name="IntegrationId">Integration.</param>
/// <param name="Window">Window of its budget.</param>
/// <param name="Successful">Refreshes that brought a token.</param>
/// <param name="Failed">Refreshes that did not.</param>
public sealed record BudgetOutcomes(int IntegrationId, TimeSpan Window, int Successful, int Failed);

/// <summary>Use of a budget over its window.</summary>
public sealed record BudgetUse(int Taken, int Successful, int Failed);
