using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Drills.Outage;

/// <summary>
/// One user's application in simulated time: asks for the token, lets the provider's API judge what it gets, and holds against the
/// engine every answer without a token while the last one it got would still do.
/// </summary>
internal sealed class OutageCaller(ConnectionId connection, OutageEngine engine)
{
    private static readonly TimeSpan NeededValidity = TimeSpan.FromSeconds(1);

    // An answer may say that no token lasts long enough in its last seconds.
    private static readonly TimeSpan LastSeconds = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly SortedDictionary<string, int> _errors = [];
    private DateTimeOffset _lastAcceptedAt = engine.Clock.Now;
    private DateTimeOffset? _lastEndsAt;
    private TimeSpan _longestGap;
    private int _accepted;
    private int _refused;

    /// <summary>Answers without a token although the last one was still valid.</summary>
    public int Withheld { get; private set; }

    /// <summary>What it has seen so far.</summary>
    public CallerRecord Record => new(_accepted, _refused, 0, Longer(_longestGap, engine.Clock.Now - _lastAcceptedAt), _errors);

    public async Task AskAsync()
    {
        var answer = await engine.Tokens.TryGetAsync(connection, new TokenDemand(NeededValidity)).AsTask().WaitAsync(Patience);
        var now = engine.Clock.Now;
        if (answer.Token is not { } token)
        {
            var who = Names.Of(answer.Error!.WhoActs);
            _errors[who] = _errors.GetValueOrDefault(who) + 1;
            Withheld += _lastEndsAt > now + LastSeconds ? 1 : 0;
        }
        else if (!engine.Provider.Accepts(token.Value.Reveal()))
        {
            _refused++;
        }
        else
        {
            _accepted++;
            _longestGap = Longer(_longestGap, now - _lastAcceptedAt);
            (_lastAcceptedAt, _lastEndsAt) = (now, token.ExpiresAt);
        }
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
