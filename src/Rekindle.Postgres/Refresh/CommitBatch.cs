using Microsoft.Extensions.Logging;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Sql.Attempts;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Postgres.Refresh;

/// <summary>
/// Writes results over their exact parents (I5): all that are as they should be in one statement, all others that go the common way in
/// another, and what is left one by one, each under the lock of its connection.
/// </summary>
internal sealed class CommitBatch(PostgresDatabase database, SqlAttemptStore attempts, AttemptPartitions partitions, ILogger logger)
{
    private readonly SteadyStatement _steady = new(database);
    private readonly CommitStatement _statement = new(database);
    private readonly CommitWriter _writer = new(database, attempts, logger);

    public async Task<IReadOnlyList<CommitResult>> WriteAsync(IReadOnlyList<RefreshCommit> commits, CancellationToken cancellationToken)
    {
        // Sorted, so that two batches with the same connections take their locks in the same order.
        var common = commits.Where(IsCommon).DistinctBy(c => c.Claim.AttemptId).OrderBy(c => c.Claim.Connection.Id).ToArray();
        var applied = await WriteSteadyAsync(SteadyStatement.Among(common), cancellationToken).ConfigureAwait(false);
        if (common.Where(c => !applied.Contains(c.Claim.AttemptId)).ToArray() is { Length: > 0 } others)
        {
            applied.UnionWith(await WriteCommonAsync(others, cancellationToken).ConfigureAwait(false));
        }

        var results = new CommitResult[commits.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = applied.Contains(commits[i].Claim.AttemptId)
                ? CommitResult.Applied
                : (await _writer.WriteAsync([commits[i]], cancellationToken).ConfigureAwait(false))[0];
        }

        return results;
    }

    // The sweep may have found meanwhile that a connection without refresh token needs its user, and a commit that leaves the
    // status as it is has to see that. A verdict that ends a connection, or has its refresh token exchanged, looks for a late result
    // first, and a simulation hides a state that the statement does not know.
    private static bool IsCommon(RefreshCommit commit) => commit is { Holds: null, Fallback: null } && commit.Claim.Connection.Simulation is null
        && (commit.Status is { } status ? status != ConnectionStatus.NeedsReauthorization : commit.Claim.Tokens.RefreshToken is not null);

    private async Task<bool> TryEnsureAsync(Attempt[] records, CancellationToken cancellationToken)
    {
        try
        {
            await partitions.EnsureAsync(records.Select(a => a.CreatedAt), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StoreException)
        {
            // A role that may not create tables: the tokens are written without their attempts, and that is reported.
            return false;
        }
    }

    // Whatever it is refused for, the other statement finds out and deals with it.
    private async Task<HashSet<Guid>> WriteSteadyAsync(RefreshCommit[] commits, CancellationToken cancellationToken)
    {
        try
        {
            return commits.Length == 0 ? [] : [.. await _steady.ExecuteAsync(commits, cancellationToken).ConfigureAwait(false)];
        }
        catch (StoreException exception) when (!exception.IsTransient)
        {
            return [];
        }
    }

    private async Task<HashSet<Guid>> WriteCommonAsync(RefreshCommit[] commits, CancellationToken cancellationToken)
    {
        var records = Array.ConvertAll(commits, c => c.Attempt);
        try
        {
            return [.. await _statement.ExecuteAsync(commits, records, cancellationToken).ConfigureAwait(false)];
        }
        catch (StoreException exception) when (!exception.IsTransient)
        {
            if (PostgresErrors.LacksPartition(exception) && await TryEnsureAsync(records, cancellationToken).ConfigureAwait(false))
            {
                return [.. await _statement.ExecuteAsync(commits, records, cancellationToken).ConfigureAwait(false)];
            }

            // Whatever an attempt's row is refused for, the token is written (I15). What else is wrong comes up again.
            var applied = await _statement.ExecuteAsync(commits, [], cancellationToken).ConfigureAwait(false);
            Log.AttemptsApart(logger, commits.Length, exception.Message);
            await UnrecordedAttempts.AppendAsync(attempts, records.Where(a => applied.Contains(a.Id)), logger).ConfigureAwait(false);
            return [.. applied];
        }
    }
}
