namespace Rekindle.Encryption;

/// <summary>The key ring cannot be used as it is. The message says which mistake it has and what to do, never a key.</summary>
public sealed class KeyRingException(string message, Exception? innerException = null) : RekindleException(message, innerException);
