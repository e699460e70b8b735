namespace Rekindle.Storage;

/// <summary>Who did what: levers, keys, links, changes of integrations.</summary>
public interface IAuditStore
{
    /// <summary>Appends an entry.</summary>
    Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Newest first; <paramref name="before"/> is the last id of the page before.</summary>
    Task<IReadOnlyList<AuditEntry>> ListAsync(string environment, long? before, int limit, CancellationToken cancellationToken);
}

/// <summary>One deed.</summary>
/// <param name="Id">Given by the store.</param>
/// <param name="At">When.</param>
/// <param name="Environment">Environment.</param>
/// <param name="Actor">API key id, <c>console:user</c> or <c>system</c>.</param>
/// <param name="Action">What, as a stable word: <c>connection.disable</c>.</param>
/// <param name="Target">Id of the thing.</param>
/// <param name="Detail">Details as JSON, free of secrets.</param>
public sealed record AuditEntry(long Id, DateTimeOffset At, string Environment, string Actor, string Action, string Target, string? Detail);
