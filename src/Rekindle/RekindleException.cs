namespace Rekindle;

/// <summary>
/// The base of what this library throws when a promise is broken: configuration it cannot work with, a key ring it
/// must not use, a store it cannot reach. Outcomes it plans for are values, not exceptions. Messages never carry a secret.
/// </summary>
public abstract class RekindleException : Exception
{
    /// <summary>Names the thing and the remedy.</summary>
    protected RekindleException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
