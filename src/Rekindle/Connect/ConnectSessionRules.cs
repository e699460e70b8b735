using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>What a stored session means at an instant. <see cref="ConnectSession.ExpiresAt"/> is the end of the step that it is in.</summary>
internal static class ConnectSessionRules
{
    /// <summary>How long a person may take at the provider, also when the link ends meanwhile.</summary>
    public static readonly TimeSpan SignInTime = TimeSpan.FromMinutes(15);

    /// <summary>Longer than any exchange lasts: a session that is being worked on for longer was left by a process that died.</summary>
    public static readonly TimeSpan ExchangeTime = TimeSpan.FromMinutes(5);

    /// <summary>The session as it stands now: steps that ran out are over.</summary>
    public static ConnectSession AsOf(this ConnectSession session, DateTimeOffset now) => session.State switch
    {
        ConnectState.Connected or ConnectState.Denied or ConnectState.Failed or ConnectState.Expired => session,
        _ when session.ExpiresAt > now => session,
        ConnectState.AwaitingCompletion => Ended(session, ConnectErrors.NotCompletedInTime),
        _ => Ended(session, ConnectErrors.Expired),
    };

    /// <summary>
    /// Whether the link can still begin a sign-in, given that its own end has not come: whatever happened with it so far, as long as
    /// nothing is connected and nobody is at work on an answer.
    /// </summary>
    public static ConnectError? WhyNotUsable(this ConnectSession session, DateTimeOffset now) => session.State switch
    {
        ConnectState.Connected or ConnectState.AwaitingCompletion => ConnectErrors.Used,
        ConnectState.Exchanging when session.ExpiresAt > now => ConnectErrors.UnderWay,
        _ => null,
    };

    public static ConnectSession With(this ConnectSession session, ConnectError error) => session with
    {
        State = error.EndState,
        ErrorCode = Names.Of(error.Code),
        Error = error.Text,
        Verifier = null,
    };

    public static SealContext SealContext(this ConnectSession session) => new(session.Environment, session.Id, SecretKind.ConnectVerifier);

    public static ConnectionKey KeyFor(this ConnectSession session, string integration) => new(
        session.Environment, integration, session.Tenant, session.Subject, session.Purpose, session.Account);

    private static ConnectSession Ended(ConnectSession session, ConnectError error) => session with
    {
        State = ConnectState.Expired,
        ErrorCode = Names.Of(error.Code),
        Error = error.Text,
    };
}
