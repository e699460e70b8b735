namespace Rekindle.Client;

/// <summary>A valid access token.</summary>
public sealed record Token
{
    /// <summary>The token for the Authorization header.</summary>
    public required string AccessToken { get; init; }

    /// <summary>Scheme for the Authorization header, usually <c>Bearer</c>.</summary>
    public required string TokenType { get; init; }

    /// <summary>When it ends; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Seconds until then, counted when the answer was written; null: it does not end.</summary>
    public long? ExpiresIn { get; init; }

    /// <summary>Scopes granted, separated by spaces; empty: not stated.</summary>
    public string Scope { get; init; } = "";

    /// <summary>Token-set version: name it when reporting that the API refused this token.</summary>
    public int Version { get; init; }

    /// <summary>Connection it belongs to.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>What to know about it: <c>min_valid_not_met</c>, <c>needs_reauthorization</c>, <c>stale</c>.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>False: it is valid for less time than is usually guaranteed, because it could not be refreshed for now.</summary>
    public bool MinValidMet => !Warnings.Contains("min_valid_not_met");

    /// <summary>True: served from memory while the server's database is away.</summary>
    public bool Stale => Warnings.Contains("stale");

    /// <summary>A redaction: never the token.</summary>
    public override string ToString() => $"<access token of {ConnectionId}, version {Version}, expires {ExpiresAt:O}>";
}

/// <summary>Report that an API refused a token.</summary>
public sealed record TokenRejection
{
    /// <summary>Version of the token that was refused.</summary>
    public required int Version { get; init; }

    /// <summary>HTTP status of the refusal. 403 is about scopes or rights: it never leads to a refresh.</summary>
    public int? Status { get; init; }

    /// <summary>The refusal's WWW-Authenticate header.</summary>
    public string? WwwAuthenticate { get; init; }
}
