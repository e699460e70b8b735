namespace Rekindle.Storage;

/// <summary>Answers to requests that carried an <c>Idempotency-Key</c>, kept 24 h.</summary>
public interface IIdempotencyStore
{
    /// <summary>
    /// Reserves a key for a body. Returns null when it is ours to run; otherwise what is stored, with a null answer while
    /// the first request still runs.
    /// </summary>
    Task<IdempotentAnswer?> BeginAsync(string owner, string key, byte[] bodyHash, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Stores the answer.</summary>
    Task CompleteAsync(string owner, string key, int status, string body, CancellationToken cancellationToken);

    /// <summary>Frees a reservation whose request failed before it did anything.</summary>
    Task AbandonAsync(string owner, string key, CancellationToken cancellationToken);

    /// <summary>Removes keys made before.</summary>
    Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>A stored answer.</summary>
public sealed record IdempotentAnswer(byte[] BodyHash, int? Status, string? Body);
