namespace Rekindle.Storage;

/// <summary>The store could not do its work: unreachable, read-only, full, newer than this program. Nothing was written unless the message says so.</summary>
public sealed class StoreException : Exception
{
    /// <summary>With a message that says what to do.</summary>
    public StoreException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Without message.</summary>
    public StoreException()
    {
    }

    /// <summary>With a message.</summary>
    public StoreException(string message)
        : base(message)
    {
    }

    /// <summary>Whether trying again later may help.</summary>
    public bool IsTransient { get; init; }

    /// <summary>Whether the database as a whole was not there to be asked, whatever it was asked for.</summary>
    public bool IsUnreachable { get; init; }

    /// <summary>Whether a claim was refused because the database is on another timeline than the claimer believed.</summary>
    public bool IsAnotherTimeline { get; init; }
}
