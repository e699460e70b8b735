namespace Rekindle.Client;

/// <summary>Asks for a link with which a person connects an account.</summary>
public sealed record CreateConnectSession
{
    /// <summary>Key of the integration; null: the person picks one.</summary>
    public string? Integration { get; init; }

    /// <summary>The operator's own user id.</summary>
    public required string Subject { get; init; }

    /// <summary>Customer or organisation; null: none.</summary>
    public string? Tenant { get; init; }

    /// <summary>Purpose; null: <c>default</c>.</summary>
    public string? Purpose { get; init; }

    /// <summary>Which of several accounts; null: the only one.</summary>
    public string? Account { get; init; }

    /// <summary>Metadata for the connection; values of form fields stand in the form at first.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Values of the provider's URL variables that the person need not be asked for.</summary>
    public IReadOnlyDictionary<string, string>? Variables { get; init; }

    /// <summary>Where the browser goes afterwards: an address that the integration allows.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>Your own reference, given back on return.</summary>
    public string? ClientReference { get; init; }

    /// <summary>
    /// <c>backend</c>, the default: a first connection is pending until your backend completes it with the code that the browser brought
    /// back. <c>auto</c>: active at once; only for links that are handed to the right person.
    /// </summary>
    public string? Completion { get; init; }
}

/// <summary>Asks for a link with which a person reconnects an account. All fields may be left out.</summary>
public sealed record CreateReconnectLink
{
    /// <summary>Where the browser goes afterwards: an address that the integration allows.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>Your own reference, given back on return.</summary>
    public string? ClientReference { get; init; }

    /// <summary><c>backend</c> or <c>auto</c>; only counts where the account cannot be recognised.</summary>
    public string? Completion { get; init; }

    /// <summary>Seconds until the link ends; null: the server's setting, which is also the longest.</summary>
    public int? ExpiresIn { get; init; }
}

/// <summary>The code that a browser brought back.</summary>
public sealed record CompleteConnectSession
{
    /// <summary><c>completion_code</c> of the return address.</summary>
    public required string Code { get; init; }

    /// <summary>A redaction: never the code.</summary>
    public override string ToString() => "<completion>";
}

/// <summary>A link and what became of it.</summary>
public sealed record ConnectSession
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The link; only in the answer that made it. Whoever has it can act as the person.</summary>
    public string? Url { get; init; }

    /// <summary>
    /// <c>pending</c>, <c>connected</c>, <c>denied</c>, <c>failed</c> or <c>expired</c>. After <c>denied</c> and <c>failed</c> the same link
    /// can be tried again until it ends.
    /// </summary>
    public required string Status { get; init; }

    /// <summary>Whether the browser is back and only your backend's completion is missing.</summary>
    public bool AwaitsCompletion { get; init; }

    /// <summary>When the link, or the step that it is in, ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Integration; null: not chosen yet.</summary>
    public string? Integration { get; init; }

    /// <summary>The operator's own user id.</summary>
    public required string Subject { get; init; }

    /// <summary>Your own reference.</summary>
    public string? ClientReference { get; init; }

    /// <summary>The connection that came of it.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>Why the last try did not work, as a stable word.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The same in words.</summary>
    public string? Error { get; init; }

    /// <summary>A redaction: never the link.</summary>
    public override string ToString() => $"<connect session {Id}: {Status}>";
}
