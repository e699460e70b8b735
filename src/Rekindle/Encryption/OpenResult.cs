namespace Rekindle.Encryption;

/// <summary>What came of opening a sealed value; a closed set. The failures say where to look (D6).</summary>
public abstract record OpenResult
{
    private OpenResult()
    {
    }

    /// <summary>The failure in words an operator can act on; null when opened.</summary>
    public abstract string? Problem { get; }

    /// <summary>The value.</summary>
    public sealed record Opened(Secret Value) : OpenResult
    {
        /// <inheritdoc/>
        public override string? Problem => null;
    }

    /// <summary>Sealed under a key this ring does not have: look for the key, nothing is wrong with the row.</summary>
    public sealed record UnknownKey(string KeyId) : OpenResult
    {
        /// <inheritdoc/>
        public override string Problem => $"sealed under key {KeyId}, which is not in this key ring";
    }

    /// <summary>Sealed for this row under a known key, and changed since: the stored bytes are damaged.</summary>
    public sealed record Damaged(string KeyId) : OpenResult
    {
        /// <inheritdoc/>
        public override string Problem => $"sealed under the known key {KeyId} for this row, but its bytes were changed afterwards";
    }

    /// <summary>Sealed under a known key for another environment, owner, kind or grant than it was looked for at.</summary>
    public sealed record BoundElsewhere(string KeyId) : OpenResult
    {
        /// <inheritdoc/>
        public override string Problem => $"sealed under the known key {KeyId}, but for another row, kind or grant";
    }

    /// <summary>Not a sealed value of a format this version reads: truncated, overwritten, or never sealed.</summary>
    public sealed record Malformed(string Reason) : OpenResult
    {
        /// <inheritdoc/>
        public override string Problem => $"not a sealed value: {Reason}";
    }
}
