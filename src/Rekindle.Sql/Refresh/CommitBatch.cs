using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>Commits in batches whose rows do not hinder each other.</summary>
internal static class CommitBatch
{
    /// <summary>
    /// Writes a batch in one transaction. Where the database refuses it for a reason that lies in the data, it is halved down to the
    /// row at fault: the others are written, then the refusal is thrown. Repeating the whole batch is harmless.
    /// </summary>
    public static async Task<IReadOnlyList<CommitResult>> WriteAsync(
        IReadOnlyList<RefreshCommit> commits, Func<IReadOnlyList<RefreshCommit>, Task<IReadOnlyList<CommitResult>>> write)
    {
        try
        {
            return await write(commits).ConfigureAwait(false);
        }
        catch (StoreException exception) when (!exception.IsTransient && commits.Count > 1)
        {
            return await WriteHalvesAsync(commits, write).ConfigureAwait(false);
        }
    }

    private static async Task<IReadOnlyList<CommitResult>> WriteHalvesAsync(
        IReadOnlyList<RefreshCommit> commits, Func<IReadOnlyList<RefreshCommit>, Task<IReadOnlyList<CommitResult>>> write)
    {
        var results = new List<CommitResult>(commits.Count);
        StoreException? refusal = null;
        var middle = commits.Count / 2;
        foreach (var half in (IReadOnlyList<RefreshCommit>[])[[.. commits.Take(middle)], [.. commits.Skip(middle)]])
        {
            try
            {
                results.AddRange(await WriteAsync(half, write).ConfigureAwait(false));
            }
            catch (StoreException exception)
            {
                refusal = exception;
            }
        }

        return refusal is null ? results : throw refusal;
    }
}
