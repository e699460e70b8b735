namespace Rekindle.Connections;

/// <summary>No token can be handed out; <see cref="Error"/> says why and who can mend it.</summary>
public sealed class TokenUnavailableException : Exception
{
    /// <summary>With the reason.</summary>
    public TokenUnavailableException(TokenError error)
        : base((error ?? throw new ArgumentNullException(nameof(error))).Message) => Error = error;

    /// <summary>The reason.</summary>
    public TokenError Error { get; }
}
