namespace Rekindle.Ownership;

/// <summary>Why a database is served from and not refreshed (I14).</summary>
/// <param name="Reason">The kind.</param>
/// <param name="Detail">What was found, in words for the operator.</param>
/// <param name="Since">When it was found.</param>
public sealed record Freeze(FreezeReason Reason, string Detail, DateTimeOffset Since)
{
    /// <summary>What an operator does about it: the commands.</summary>
    public string Remedy => Reason switch
    {
        FreezeReason.KeyRing => "Start with the key ring that the database was used with (Rekindle:KeyRingFile). No new key can open what is stored.",
        FreezeReason.Moving => "Start at the new place; or call the move off: rekindle-server expect-move --cancel.",
        FreezeReason.OtherDeployment or FreezeReason.OtherEndpoint =>
            "If this is a copy, leave it so. If the database has moved here and is used nowhere else: rekindle-server unfreeze --plan, then unfreeze --apply.",
        FreezeReason.Undecryptable => "Find out what was mixed up (rekindle-server unfreeze --plan tells what is at stake), mend it, then: rekindle-server unfreeze --apply.",
        _ => "See what is at stake: rekindle-server unfreeze --plan. Then go on with it: rekindle-server unfreeze --apply. Or put the newer database back.",
    };
}

/// <summary>Kinds of <see cref="Freeze"/>.</summary>
public enum FreezeReason
{
    /// <summary>The database belongs to a deployment with another id.</summary>
    OtherDeployment,

    /// <summary>The database expects to be met elsewhere: this may be a copy.</summary>
    OtherEndpoint,

    /// <summary>A move was announced: this is the place it leaves.</summary>
    Moving,

    /// <summary>The database has forgotten more than the journal remembers.</summary>
    OldBackup,

    /// <summary>The database was sealed with keys that this key ring has not.</summary>
    KeyRing,

    /// <summary>Many stored tokens do not open under the keys that sealed them.</summary>
    Undecryptable,
}

/// <summary>What was asked for would act at a provider, or seal something new, for a database that is frozen (I14).</summary>
public sealed class FrozenException : RekindleException
{
    internal FrozenException(Freeze freeze)
        : base($"This database is frozen ({Storage.Names.Of(freeze.Reason)}): valid tokens are served, nothing is refreshed, connected or revoked. "
            + "The server's log says why and what to do.") => Freeze = freeze;

    /// <summary>Why.</summary>
    public Freeze Freeze { get; }
}
