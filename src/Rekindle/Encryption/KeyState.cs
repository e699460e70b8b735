namespace Rekindle.Encryption;

/// <summary>What a key of the ring may be used for.</summary>
public enum KeyState
{
    /// <summary>Opens values; seals none. A key is this before it becomes current and after it has been.</summary>
    Accepted,

    /// <summary>Opens values and seals all new ones. A ring has exactly one.</summary>
    Current,
}
