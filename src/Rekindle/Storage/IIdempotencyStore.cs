namespace Rekindle.Storage;

/// <summary>Answers to requests that carried an <c>Idempotency-Key</c>, kept 24 h.</summary>
public interface IIdempotencyStore
{
    /// <summary>
    /// Reserves a key for a body. Returns null when it is ours to run; otherwise what is stored, with a null answer while
    /// the first request still runs, or when what became of it was lost.
    /// </summary>
    /// <param name="owner">Whose key it is.</param>
    /// <param name="key">The key.</param>
    /// <param name="bodyHash">Hash of the request.</param>
    /// <param name="now">The time now.</param>
    /// <param name="deadline">When the request has ended at the latest: no answer by then, and nobody knows whether it was done.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    Task<IdempotentAnswer?> BeginAsync(
        string owner, string key, byte[] bodyHash, DateTimeOffset now, DateTimeOffset deadline, CancellationToken cancellationToken);

    /// <summary>Stores the answer.</summary>
    Task CompleteAsync(string owner, string key, int status, string body, CancellationToken cancellationToken);

    /// <summary>Frees a reservation whose request failed before it did anything.</summary>
    Task AbandonAsync(string owner, string key, CancellationToken cancellationToken);

    /// <summary>Removes keys made before.</summary>
    Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>A stored answer.</summary>
/// <param name="BodyHash">Hash of the request.</param>
/// <param name="Status">Status of the answer; null: there is none.</param>
/// <param name="Body">The answer.</param>
/// <param name="Deadline">When the request had to have ended.</param>
public sealed record IdempotentAnswer(byte[] BodyHash, int? Status, string? Body, DateTimeOffset Deadline);
