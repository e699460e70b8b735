using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>What a connect link shows.</summary>
public abstract record ConnectView
{
    private ConnectView()
    {
    }

    /// <summary>Which provider?</summary>
    /// <param name="Options">Those that can be connected now.</param>
    public sealed record Choose(IReadOnlyList<IntegrationEntry> Options) : ConnectView;

    /// <summary>One provider, its questions and one button.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Entry">Integration.</param>
    /// <param name="Form">The questions; with problems when answers were refused.</param>
    /// <param name="Existing">The connection that lives again or is connected once more; null: a first one.</param>
    public sealed record Ask(ConnectSession Session, IntegrationEntry Entry, ConnectForm Form, Connection? Existing) : ConnectView
    {
        /// <summary>What the provider will be asked for.</summary>
        public IReadOnlyList<string> Scopes { get; init; } = [];
    }

    /// <summary>The browser is to go to the provider.</summary>
    /// <param name="Session">Id of the session.</param>
    /// <param name="Address">Address at the provider.</param>
    /// <param name="Browser">Value for a cookie of this browser; without it no answer is accepted.</param>
    public sealed record Leave(string Session, Uri Address, Encryption.Secret Browser) : ConnectView
    {
        /// <summary>A redaction: the address carries the state.</summary>
        public override string ToString() => $"Leave {Session}";
    }

    /// <summary>The browser came back and an account is connected.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Entry">Integration.</param>
    /// <param name="ReturnTo">Where the browser goes now, completion code included; null: nowhere, a page says so.</param>
    public sealed record Connected(ConnectSession Session, IntegrationEntry Entry, Uri? ReturnTo) : ConnectView
    {
        /// <summary>A redaction: the address carries the completion code.</summary>
        public override string ToString() => $"Connected {Session.Id}";
    }

    /// <summary>It does not go on.</summary>
    /// <param name="Error">Why, and what to do.</param>
    /// <param name="RetryLink">Last segment of the link to try again with; null: there is none.</param>
    /// <param name="ReturnTo">Way back to the operator's product; null: not known.</param>
    public sealed record Problem(ConnectError Error, string? RetryLink = null, Uri? ReturnTo = null) : ConnectView
    {
        /// <summary>A redaction: the link is as good as a password while it lives.</summary>
        public override string ToString() => $"Problem {Error.Code}";
    }
}
