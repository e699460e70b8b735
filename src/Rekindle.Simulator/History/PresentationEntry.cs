namespace Rekindle.Simulator.History;

/// <summary>One place in the history: appended when a request comes, completed once when it has been answered.</summary>
internal sealed class PresentationEntry(Presentation arrived)
{
    private Presentation _seen = arrived;

    public Presentation Seen => Volatile.Read(ref _seen);

    // Only the request that owns the entry writes to it.
    public void Update(Func<Presentation, Presentation> change) => Volatile.Write(ref _seen, change(_seen));
}
