using Microsoft.Extensions.Logging;
using Rekindle.Attempts;
using Rekindle.Storage;

namespace Rekindle.Sql.Attempts;

/// <summary>Attempts whose row could not be written with their token. The token is safe; they get a transaction of their own (I15).</summary>
internal static class UnrecordedAttempts
{
    /// <summary>Tries to write an attempt within the transaction; remembers it in <paramref name="unrecorded"/> if that fails.</summary>
    public static async Task TryInsertAsync(SqlSession session, Attempt attempt, List<Attempt> unrecorded)
    {
        if (!await session.TryAsync(() => AttemptSql.InsertAsync(session, attempt)).ConfigureAwait(false))
        {
            unrecorded.Add(attempt);
        }
    }

    /// <summary>Writes them after the transaction, one by one; what still fails is reported.</summary>
    public static async Task AppendAsync(SqlAttemptStore attempts, IEnumerable<Attempt> unrecorded, ILogger logger)
    {
        foreach (var attempt in unrecorded)
        {
            try
            {
                await attempts.AppendAsync([attempt], CancellationToken.None).ConfigureAwait(false);
            }
            catch (StoreException exception)
            {
                Log.AttemptNotRecorded(logger, exception, attempt.Id, attempt.ConnectionId.ToString());
            }
        }
    }
}
