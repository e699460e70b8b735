namespace Rekindle.Connections;

/// <summary>Which token, and how fresh.</summary>
public readonly record struct TokenQuery
{
    /// <summary>Environment; null: the configured default.</summary>
    public string? Environment { get; init; }

    /// <summary>Key of the integration.</summary>
    public required string Integration { get; init; }

    /// <summary>The operator's user.</summary>
    public required string Subject { get; init; }

    /// <summary>Customer or organisation; null: none.</summary>
    public string? Tenant { get; init; }

    /// <summary>Purpose; null: <c>default</c>.</summary>
    public string? Purpose { get; init; }

    /// <summary>Which account; null: the only one.</summary>
    public string? Account { get; init; }
}

/// <summary>How fresh a token has to be and how long to wait for it.</summary>
/// <param name="MinValid">Remaining validity; null: the default, which gives way when a refresh fails. At most half the token's life is asked.</param>
/// <param name="MaxWait">How long to wait for a refresh; null: the default (10 s). At most 30 s.</param>
public readonly record struct TokenDemand(TimeSpan? MinValid = null, TimeSpan? MaxWait = null);
