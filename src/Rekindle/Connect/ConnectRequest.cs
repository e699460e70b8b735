using Rekindle.Connections;

namespace Rekindle.Connect;

/// <summary>Whom to connect to what.</summary>
public sealed record ConnectRequest
{
    /// <summary>Who makes the link, for the audit. Default empty.</summary>
    public string Actor { get; init; } = "";

    /// <summary>Environment.</summary>
    public required string Environment { get; init; }

    /// <summary>Key of the integration; null: the person picks one.</summary>
    public string? Integration { get; init; }

    /// <summary>Customer or organisation, or empty.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The operator's own user id.</summary>
    public required string Subject { get; init; }

    /// <summary>Purpose.</summary>
    public string Purpose { get; init; } = ConnectionKey.DefaultPurpose;

    /// <summary>Which of several accounts, or empty.</summary>
    public string Account { get; init; } = "";

    /// <summary>Metadata for the connection; values of form fields stand in the form at first.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = Connection.Empty;

    /// <summary>Values of the provider's URL variables that the person need not be asked for.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Connection.Empty;

    /// <summary>Where the browser goes afterwards, from the integration's allow-list; null: our own last page.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>The operator's own reference, given back on return; null: none.</summary>
    public string? ClientReference { get; init; }

    /// <summary>
    /// Whether the connection is active at once, without the operator's backend completing it. Only for links that are handed to the
    /// right person: otherwise somebody else's consent may land under this subject.
    /// </summary>
    public bool AutoComplete { get; init; }
}

/// <summary>How to reconnect a connection.</summary>
public sealed record ReconnectRequest
{
    /// <summary>Where the browser goes afterwards, from the integration's allow-list; null: our own last page.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>The operator's own reference, given back on return; null: none.</summary>
    public string? ClientReference { get; init; }

    /// <summary>As <see cref="ConnectRequest.AutoComplete"/>; only counts where the account cannot be checked.</summary>
    public bool AutoComplete { get; init; }

    /// <summary>How long the link can be used, at most the setting; null: the setting.</summary>
    public TimeSpan? Lifetime { get; init; }
}
