namespace Rekindle.Refresh;

/// <summary>Where the expiry of an access token came from, best first (B3).</summary>
public enum ExpirySource
{
    /// <summary>Nothing is recorded: its own case, not "expired" (B2).</summary>
    Unknown,

    /// <summary>A lifetime in the answer (<c>expires_in</c>).</summary>
    ExpiresIn,

    /// <summary>An absolute time in the answer.</summary>
    AbsoluteField,

    /// <summary>The <c>exp</c> claim of the access token.</summary>
    Jwt,

    /// <summary>The provider's documented lifetime.</summary>
    ProviderDefault,

    /// <summary>Nobody says: 900 s, or less where the provider's entry assumes less. Worth a warning.</summary>
    Assumed,

    /// <summary>The provider's entry says that such tokens live until revoked.</summary>
    Immortal,
}
