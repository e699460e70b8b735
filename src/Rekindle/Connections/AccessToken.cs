using Rekindle.Encryption;

namespace Rekindle.Connections;

/// <summary>A valid access token as callers get it: an immutable snapshot. The same instance is handed to everybody until a new version replaces it.</summary>
public sealed class AccessToken
{
    internal AccessToken(ConnectionId connectionId, Secret value, string tokenType, DateTimeOffset? expiresAt, IReadOnlyList<string> scopes, int version)
    {
        ConnectionId = connectionId;
        Value = value;
        TokenType = tokenType;
        ExpiresAt = expiresAt;
        Scopes = scopes;
        Version = version;
    }

    /// <summary>Connection it belongs to.</summary>
    public ConnectionId ConnectionId { get; }

    /// <summary>The token; <see cref="Secret.Reveal"/> gives the text for the Authorization header.</summary>
    public Secret Value { get; }

    /// <summary>Scheme for the Authorization header, usually <c>Bearer</c>.</summary>
    public string TokenType { get; }

    /// <summary>When it ends, UTC; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>Scopes granted; empty: not stated.</summary>
    public IReadOnlyList<string> Scopes { get; }

    /// <summary>Token-set version: name it when reporting that the API refused this token.</summary>
    public int Version { get; }

    /// <summary>A redaction: never the token.</summary>
    public override string ToString() => $"<access token of {ConnectionId}, version {Version}, expires {ExpiresAt:O}>";
}
