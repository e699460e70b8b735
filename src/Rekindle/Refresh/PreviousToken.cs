using Rekindle.Connections;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>
/// When a refresh token that the provider has replaced may be sent again, because it does not know the one that it gave instead (I8,
/// decision 0016). Pure.
/// <code>
///   T1 ─► provider: T2 ─► stored, T1 kept as the one before
///   T2 refused at its first use, T1 inside the reuse rule ─► T1 put back (in_use), T2 kept
///   T1 ─► provider: T3 ─► stored as ever
///   T1 refused, or its time has passed ─► T2 put back (spent), and the grant is over as it would have been at once
/// </code>
/// </summary>
internal static class PreviousToken
{
    /// <summary>Whether the verdict on the present refresh token is to be answered with the one before it.</summary>
    /// <param name="facts">The facts of a verdict that the grant is dead.</param>
    /// <param name="reason">Why the grant would be over.</param>
    public static bool MayReplace(RefreshFacts facts, DisconnectReason reason)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var tokens = facts.Claim.Tokens;

        // With a cause of its own (revoked, expired, the account is gone) the grant is over, whichever of its tokens is shown. And after a
        // lost rotation the successor was used, by us: the one before it is out of every rule.
        return reason == DisconnectReason.GrantInvalid
            && tokens is { PreviousRefreshToken: not null, Fallback: null }
            && facts.Provider.Requests.RefreshKind == RefreshKind.RefreshToken
            && MayBeSent(tokens, facts.Provider, facts.Now, facts.Options.Lease);
    }

    /// <summary>
    /// Whether the older of the two tokens may be sent under a lease taken now. What a lease lets out has arrived by its end
    /// (I4), clocks that differ included: so much of a grace period has to be left.
    /// </summary>
    public static bool MayBeSent(TokenSet tokens, ProviderDefinition provider, DateTimeOffset now, TimeSpan lease)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(provider);
        return tokens.PreviousSentAt is { } first && provider.Lifecycle.EffectiveReuse.AllowsRepeat(now - first + lease);
    }
}
