namespace Rekindle.Simulator;

/// <summary>A client registered at a server.</summary>
public sealed record RegisteredClient
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its live secrets; none: a public client.</summary>
    public required IReadOnlyList<string> Secrets { get; init; }

    /// <summary>
    /// Where codes may be sent: exact addresses. One that ends in <c>*</c> covers what begins with it, and one on a
    /// loopback host covers every port (RFC 8252 §7.3).
    /// </summary>
    public required IReadOnlyList<string> RedirectUris { get; init; }

    /// <summary>The client that every server knows unless the options name another.</summary>
    public static RegisteredClient Default { get; } = new()
    {
        Id = "simulator-client",
        Secrets = ["simulator-client-secret"],
        RedirectUris = ["http://127.0.0.1/*", "http://localhost/*"],
    };

    /// <summary>Names the client, never its secrets.</summary>
    public override string ToString() => $"Client {Id}";

    internal bool MayReceiveAt(string redirectUri) => RedirectUris.Any(registered => Covers(registered, redirectUri));

    private static bool Covers(string registered, string redirectUri)
    {
        if (!Uri.TryCreate(redirectUri, UriKind.Absolute, out var uri) || uri.Fragment.Length > 0)
        {
            return false;
        }

        var presented = uri.IsLoopback ? new UriBuilder(uri) { Port = -1 }.Uri.ToString() : redirectUri;
        return registered.EndsWith('*')
            ? presented.StartsWith(registered[..^1], StringComparison.Ordinal)
            : presented == registered;
    }
}
