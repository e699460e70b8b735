using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>What became of asking for a link.</summary>
public abstract record ConnectSessionResult
{
    private ConnectSessionResult()
    {
    }

    /// <summary>There is a link.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Link">Last segment of the link; it lets whoever has it act as the person.</param>
    public sealed record Created(ConnectSession Session, string Link) : ConnectSessionResult
    {
        /// <summary>A redaction: the link is as good as a password while it lives.</summary>
        public override string ToString() => $"Created {Session.Id}";
    }

    /// <summary>There is none.</summary>
    /// <param name="Reason">Stable reason.</param>
    /// <param name="Message">What is wrong and what to do.</param>
    public sealed record Refused(ConnectRefusal Reason, string Message) : ConnectSessionResult
    {
        /// <summary>Every mistake of the request, each beginning with the name of its field.</summary>
        public IReadOnlyList<string> Mistakes { get; init; } = [];
    }
}

/// <summary>Why there is no link.</summary>
public enum ConnectRefusal
{
    /// <summary>A value is missing, too long, or of the wrong shape.</summary>
    InvalidRequest,

    /// <summary>There is no such integration.</summary>
    UnknownIntegration,

    /// <summary>There is no such connection.</summary>
    UnknownConnection,

    /// <summary>The integration's list of return addresses does not hold this one.</summary>
    ReturnUrlNotAllowed,

    /// <summary>The operator's backend is to complete the connection, and there is no address to bring it the code.</summary>
    ReturnUrlRequired,

    /// <summary>The connection is disabled.</summary>
    ConnectionDisabled,
}

/// <summary>What became of completing a connection.</summary>
public abstract record CompletionResult
{
    private CompletionResult()
    {
    }

    /// <summary>The connection is active.</summary>
    public sealed record Completed(ConnectSession Session) : CompletionResult;

    /// <summary>It is not.</summary>
    /// <param name="Reason">Stable reason.</param>
    /// <param name="Message">What is wrong and what to do.</param>
    public sealed record Refused(CompletionRefusal Reason, string Message) : CompletionResult;
}

/// <summary>Why a connection was not completed.</summary>
public enum CompletionRefusal
{
    /// <summary>There is no such session.</summary>
    UnknownSession,

    /// <summary>The browser has not come back, or nothing came of it.</summary>
    NotConnected,

    /// <summary>The code is not the one that was given to the browser, or a newer sign-in has taken its place.</summary>
    WrongCode,

    /// <summary>It was completed before.</summary>
    AlreadyCompleted,

    /// <summary>The connection that the consent waited for was changed meanwhile, and is left as it is.</summary>
    ConnectionChanged,

    /// <summary>It took too long.</summary>
    Expired,
}
