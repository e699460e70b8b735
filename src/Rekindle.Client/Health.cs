namespace Rekindle.Client;

/// <summary>Whether a server can do its work.</summary>
public sealed record Health
{
    /// <summary><c>ok</c> or <c>unavailable</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>The API: database writable, key ring usable.</summary>
    public HealthPart? Api { get; init; }

    /// <summary>The worker of this process: refreshing, or why not.</summary>
    public HealthPart? Worker { get; init; }
}

/// <summary>One part of a server.</summary>
/// <param name="Status"><c>ok</c>, <c>unavailable</c>, <c>off</c>, or for the worker <c>frozen</c>.</param>
/// <param name="Detail">In words.</param>
public sealed record HealthPart(string Status, string Detail);
