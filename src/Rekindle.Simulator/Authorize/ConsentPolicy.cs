namespace Rekindle.Simulator.Authorize;

/// <summary>What the authorization endpoint does with a user who arrives.</summary>
/// <param name="Mode">Whether it asks, or answers by itself.</param>
/// <param name="Account">
/// Who consents when it answers by itself and the request carries no <c>login_hint</c>. Default <c>alice</c>.
/// </param>
/// <param name="Scopes">What is granted then; null: what was asked for.</param>
public sealed record ConsentPolicy(ConsentMode Mode, string Account = "alice", IReadOnlyList<string>? Scopes = null)
{
    /// <summary>The error with which a refusal goes back.</summary>
    public string Error { get; init; } = "access_denied";

    /// <summary>The words beside it; null: none.</summary>
    public string? ErrorDescription { get; init; } = "The user did not allow it.";

    /// <summary>Shows the page. The default.</summary>
    public static ConsentPolicy Ask { get; } = new(ConsentMode.Ask);

    /// <summary>Allows at once, for tests without a browser.</summary>
    public static ConsentPolicy Allow { get; } = new(ConsentMode.Allow);

    /// <summary>Denies at once.</summary>
    public static ConsentPolicy Deny { get; } = new(ConsentMode.Deny);

    /// <summary>Refuses at once with another error than the person's own no.</summary>
    public static ConsentPolicy Refuse(string error, string? description = null) =>
        Deny with { Error = error, ErrorDescription = description };
}

/// <summary>Whether the authorization endpoint asks.</summary>
public enum ConsentMode
{
    /// <summary>A page asks the user.</summary>
    Ask,

    /// <summary>It redirects with a code at once.</summary>
    Allow,

    /// <summary>It redirects with <see cref="ConsentPolicy.Error"/> at once.</summary>
    Deny,
}
