namespace Rekindle.Drills.Restore;

/// <summary>Something that happens to a database between two starts.</summary>
internal enum RestoreScenario
{
    /// <summary>A backup older than the journal's span is put back, on the machine that did the work since.</summary>
    OldBackup,

    /// <summary>The same, and the journals of the machine that did the work are gone; only its memory of the database is left.</summary>
    LostJournal,

    /// <summary>A copy is started beside the running original.</summary>
    Clone,

    /// <summary>Started again with its volume, then on a machine without.</summary>
    Redeploy,

    /// <summary>Dumped, and restored into another server that takes over the endpoint.</summary>
    Upgrade,

    /// <summary>Moved to another endpoint, announced.</summary>
    Move,

    /// <summary>Moved to another endpoint, not announced.</summary>
    Unplanned,
}
