using Rekindle.Attempts;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Demo;

/// <summary>Follows the attempt log, as any reader of the live tail does.</summary>
internal sealed class DemoStatistics(DemoWorld world)
{
    private const int Page = 1000;
    private const int Remembered = 12;

    private readonly FeedCursor _cursor = new(0, TimeProvider.System);
    private readonly Queue<Attempt> _latest = new();

    /// <summary>Refreshes that brought a token.</summary>
    public int Refreshed { get; private set; }

    /// <summary>Those that did not, by class.</summary>
    public SortedDictionary<RefreshClass, int> Failed { get; } = [];

    /// <summary>The newest attempts, newest first.</summary>
    public IEnumerable<Attempt> Latest => _latest.Reverse();

    /// <summary>Reads what is new.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Attempt> page;
        do
        {
            page = await world.Get<IAttemptStore>().ReadAfterAsync(_cursor.Position, _cursor.Missing, Page, cancellationToken);
            foreach (var attempt in page.Where(a => _cursor.Advance(a.Position)))
            {
                Count(attempt);
            }
        }
        while (page.Count == Page);
    }

    private void Count(Attempt attempt)
    {
        if (attempt.Class == RefreshClass.Success)
        {
            Refreshed++;
        }
        else
        {
            Failed[attempt.Class] = Failed.GetValueOrDefault(attempt.Class) + 1;
        }

        _latest.Enqueue(attempt);
        if (_latest.Count > Remembered)
        {
            _latest.Dequeue();
        }
    }
}
