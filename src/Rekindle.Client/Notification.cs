namespace Rekindle.Client;

/// <summary>A message to a person.</summary>
public sealed record Notification
{
    /// <summary>Its id.</summary>
    public long Id { get; init; }

    /// <summary>Key of the integration.</summary>
    public required string Integration { get; init; }

    /// <summary>Connection; null: about the whole integration.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>What it is about: <c>warning</c>, <c>disconnected</c>, <c>integration_misconfigured</c>, ….</summary>
    public required string Kind { get; init; }

    /// <summary>To whom it goes: <c>user</c> or <c>operator</c>.</summary>
    public required string Audience { get; init; }

    /// <summary>One line.</summary>
    public required string Title { get; init; }

    /// <summary>What is wrong and what to do.</summary>
    public required string Text { get; init; }

    /// <summary>When it opened.</summary>
    public DateTimeOffset OpenedAt { get; init; }

    /// <summary>When it closed; null: open.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>How often the same thing was reported.</summary>
    public int Count { get; init; }

    /// <summary>Opened by a simulation: nothing of it happened.</summary>
    public bool IsTest { get; init; }
}
