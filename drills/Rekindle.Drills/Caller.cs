using System.Diagnostics;
using Rekindle.Client;
using Rekindle.Simulator;

namespace Rekindle.Drills;

/// <summary>
/// The operator's application: asks for a connection's token all the while and lets the provider's API judge each answer. Nothing else
/// counts as served.
/// </summary>
internal sealed class Caller(string connection, AuthorizationServer provider, TimeSpan? pause = null)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // A caller that means to use the token: not one that ends on the way.
    private static readonly TimeSpan NeededValidity = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SortedDictionary<string, int> _errors = [];
    private readonly Stopwatch _sinceAccepted = new();
    private volatile RekindleClient? _server;
    private int _accepted;
    private int _refused;
    private int _away;
    private TimeSpan _longestGap;

    /// <summary>Where to ask from now on.</summary>
    public void Ask(RekindleClient server) => _server = server;

    /// <summary>Asks until told to stop; then what it saw.</summary>
    public async Task<CallerRecord> RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await AskOnceAsync();
            await Task.Delay(pause ?? Pause, CancellationToken.None);
        }

        NoteGap();
        return new CallerRecord(_accepted, _refused, _away, _longestGap, _errors);
    }

    private async Task AskOnceAsync()
    {
        try
        {
            var token = await _server!.GetByIdAsync(connection, NeededValidity, Patience);
            if (!provider.Accepts(token.AccessToken))
            {
                _refused++;
                return;
            }

            _accepted++;
            NoteGap();
            _sinceAccepted.Restart();
        }
        catch (RekindleApiException e)
        {
            _errors[e.Problem.WhoActs] = _errors.GetValueOrDefault(e.Problem.WhoActs) + 1;
        }
        catch (HttpRequestException)
        {
            _away++;
        }
    }

    private void NoteGap() => _longestGap = _sinceAccepted.Elapsed > _longestGap ? _sinceAccepted.Elapsed : _longestGap;
}

/// <summary>What a caller saw.</summary>
/// <param name="Accepted">Answers with a token that the provider's API took.</param>
/// <param name="Refused">Answers with a token that it refused.</param>
/// <param name="Away">Requests that no server answered.</param>
/// <param name="LongestGap">Longest time without a token that was taken; to the end of the watch where none came any more.</param>
/// <param name="Errors">Answers without token, by who can mend it.</param>
internal sealed record CallerRecord(int Accepted, int Refused, int Away, TimeSpan LongestGap, IReadOnlyDictionary<string, int> Errors)
{
    /// <summary>Answers of any kind.</summary>
    public int Answers => Accepted + Refused + Errors.Values.Sum();

    /// <summary>Part of the answers that was a token that the provider's API took.</summary>
    public double Share => Answers == 0 ? 0 : (double)Accepted / Answers;
}
