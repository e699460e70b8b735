namespace Rekindle.Refresh;

/// <summary>Who asked for a refresh. Never empty: every attempt names one.</summary>
public enum RefreshSource
{
    /// <summary>The heartbeat.</summary>
    Scheduled,

    /// <summary>A caller that needs a token now.</summary>
    OnDemand,

    /// <summary>An operator's refresh with capture.</summary>
    Debug,

    /// <summary>An operator's refresh.</summary>
    Admin,

    /// <summary>The command line.</summary>
    Cli,

    /// <summary>A program's start.</summary>
    Startup,

    /// <summary>The heartbeat endpoint (C5).</summary>
    Cron,

    /// <summary>The first refresh of an imported connection.</summary>
    Imported,
}
