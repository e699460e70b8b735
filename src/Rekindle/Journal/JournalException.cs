namespace Rekindle.Journal;

/// <summary>The journal cannot be used: its folder, its disk or its key. Says what to do.</summary>
public sealed class JournalException : RekindleException
{
    internal JournalException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
