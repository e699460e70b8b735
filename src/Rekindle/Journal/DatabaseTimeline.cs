using System.Threading.Channels;

namespace Rekindle.Journal;

/// <summary>
/// Which timeline of the database this process works on, and whether everybody has given back to it what they know.
/// <see cref="TimelineFollower"/> writes it; whoever claims reads it once, asks the gate and names the timeline in the claim.
/// </summary>
internal sealed class DatabaseTimeline
{
    private readonly Channel<bool> _suspicions = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private volatile TimelineStanding _standing = new(null, IsSettled: true);

    /// <summary>How things stand; to be read once per decision.</summary>
    public TimelineStanding Standing => _standing;

    /// <summary>The timeline onto which this process has given back what its journal holds; null: none yet.</summary>
    public string? Replayed { get; set; }

    /// <summary>Raised when everybody has given back what they know.</summary>
    public event Action? Settled;

    /// <summary>Another timeline was met: from here on this process sends no token that a refresh uses up.</summary>
    public void Unsettle() => _standing = _standing with { IsSettled = false };

    /// <summary>Claims name this timeline from here on.</summary>
    /// <param name="timeline">Its name.</param>
    /// <param name="began">No later than anything that was written on it.</param>
    public void Enter(string timeline, DateTimeOffset began) => _standing = new(timeline, IsSettled: false) { Began = began };

    /// <summary>Nothing is missing any more that could come back.</summary>
    public void Settle()
    {
        _standing = _standing with { IsSettled = true };
        Settled?.Invoke();
    }

    /// <summary>A claim was refused: look at once.</summary>
    public void Suspect() => _suspicions.Writer.TryWrite(true);

    /// <summary>Returns at a suspicion, or after a while.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_suspicions.Reader.WaitToReadAsync(ended.Token).AsTask(), Task.Delay(atMost, time, ended.Token)).ConfigureAwait(false);
        _suspicions.Reader.TryRead(out _);
        await ended.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }
}

/// <summary>A timeline and how far it has come.</summary>
/// <param name="Timeline">Its name, for claims; null: the database does not tell.</param>
/// <param name="IsSettled">Whether refresh tokens that a refresh uses up may be sent again.</param>
internal sealed record TimelineStanding(string? Timeline, bool IsSettled)
{
    /// <summary>No later than anything that was written on it.</summary>
    public DateTimeOffset Began { get; init; }
}
