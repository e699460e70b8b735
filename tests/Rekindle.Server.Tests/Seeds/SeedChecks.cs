using System.Globalization;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.History;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Seeds;

/// <summary>What must be true after every event, and when everything has come to rest.</summary>
internal sealed class SeedChecks(SeedWorld world, AuthorizationServer server, IReadOnlyList<SeedConnection> connections)
{
    private const int Enough = 1000;

    private readonly long _start = world.Simulator.History.Newest;
    private long _reuses = world.Simulator.History.ReusesOutsideRule;

    /// <summary>What a caller got: never an ended token, never an older one than before, never one that the provider does not take.</summary>
    public void Answered(SeedWorker worker, SeedConnection connection, TokenResult answer)
    {
        if (worker.Life.IsDead || answer.Token is not { } token)
        {
            return;
        }

        Require(token.ExpiresAt > world.Clock.Now, $"{worker.Name} handed out a token of {connection.Subject} that has ended");
        Require(
            token.Version >= connection.Served.GetValueOrDefault(worker.Name),
            $"{worker.Name} handed out version {token.Version} of {connection.Subject} after {connection.Served.GetValueOrDefault(worker.Name)}");
        connection.Served[worker.Name] = token.Version;
        var isLive = server.FindGrant(connection.GrantId) is { End: null };
        Require(!isLive || server.Accepts(token.Value.Reveal()), $"{worker.Name} handed out a token of {connection.Subject} that the provider does not take");
    }

    public async Task AfterStepAsync(SeedWorker worker)
    {
        foreach (var connection in connections)
        {
            var tokens = (await ReadAsync(worker, connection)).Tokens!;
            var now = (tokens.GrantNo, tokens.Version);
            Require(now.CompareTo(connection.Seen) >= 0, $"{connection.Subject} went back from version {connection.Seen} to {now}");
            connection.Seen = now;
        }

        if (world.Simulator.History.ReusesOutsideRule != _reuses)
        {
            _reuses = world.Simulator.History.ReusesOutsideRule;
            await CheckReusesAsync(worker);
        }
    }

    public async Task BeginCalmAsync(SeedWorker worker)
    {
        foreach (var connection in connections)
        {
            connection.VersionWhenCalm = (await ReadAsync(worker, connection)).Tokens!.Version;
        }
    }

    /// <summary>Whether every connection was refreshed since all is calm, or needs its user, and no lost attempt is still to be recorded.</summary>
    public async Task<bool> IsWellAsync(SeedWorker worker)
    {
        foreach (var connection in connections)
        {
            var now = await ReadAsync(worker, connection);
            if (now.LeaseUntil is not null || (!IsWell(connection, now) && now.Connection.Status != ConnectionStatus.NeedsReauthorization))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What was quarantined waits for an operator.</summary>
    public async Task ReleaseQuarantinedAsync(SeedWorker worker)
    {
        foreach (var connection in connections)
        {
            var now = await ReadAsync(worker, connection);
            if (now is { DueAt: null, VerdictHeld: false, Connection.Status: ConnectionStatus.Active or ConnectionStatus.Degraded })
            {
                connection.Forced++;
                await worker.Levers.RetryAsync(connection.Id, "seed");
            }
        }
    }

    public async Task AtTheEndAsync(SeedWorker worker)
    {
        foreach (var connection in connections)
        {
            var now = await ReadAsync(worker, connection);
            Require(
                now.Connection.Status != ConnectionStatus.NeedsReauthorization ? IsWell(connection, now) : IsHonest(connection, now.Connection.DisconnectReason),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{connection.Subject} ends as {now.Connection.Status} {now.Connection.DisconnectReason} (error {now.Connection.LastRefreshError}), version {now.Tokens!.Version}, due {now.DueAt:T}; "
                    + $"withdrawn {connection.HasEnded}, answer lost {connection.HasLost}, forgotten {connection.IsForgotten}, asked to reconnect {connection.AskedToReconnect}"));
            await CheckRecordsAsync(worker, connection);
            world.Tally.Lives++;
            world.Tally.RotationLost += now.Connection.DisconnectReason == DisconnectReason.RotationLost ? 1 : 0;
        }

        var refreshes = world.Simulator.History.Refreshes(server.Name, after: _start);
        world.Tally.Presented += refreshes.Count;
        world.Tally.PresentedAgain += refreshes.Count(p => p.Token == PresentedToken.Superseded);
        world.Tally.Forgotten += refreshes.Count(p => p is { GrantType: "refresh_token", Token: PresentedToken.Unknown });
        world.Tally.OutsideRule += refreshes.Count(p => p.Token == PresentedToken.Reused);
    }

    private static bool IsWell(SeedConnection connection, ConnectionSnapshot now) =>
        now.Connection.Status == ConnectionStatus.Active && now.Tokens!.Version > connection.VersionWhenCalm;

    // A refusal after an unknown outcome may come from either. What is taken for theft was sent once more after one, which is looked at
    // where it happens; a result that is found in a dead worker's journal after that is refused as well. What the provider forgot is made
    // good where it takes the token before for as long as such a life lasts.
    private bool IsHonest(SeedConnection connection, DisconnectReason? reason) => reason switch
    {
        DisconnectReason.RotationLost => connection.HasEnded || ((connection.HasLost || connection.IsForgotten) && server.Name != "none"),
        DisconnectReason.OperatorRequest => connection.AskedToReconnect,
        _ => connection.HasEnded || connection.AskedToReconnect || (connection.IsForgotten && server.Name != "until-used")
            || server.FindGrant(connection.GrantId)?.End == GrantEnd.ReuseDetected,
    };

    // Each further presentation outside the rule follows an attempt that is on record as unknown, or an operator's order. One to which the
    // provider said that it did nothing is none; nor is one whose refusal came without its reason: no token was in it.
    private async Task CheckReusesAsync(SeedWorker worker)
    {
        var uses = world.Simulator.History.PresentedOutsideRule(server.Name, _start)
            .Where(p => p.Fault is not (FaultKind.ServerError or FaultKind.Throttled or FaultKind.Truncate)).GroupBy(p => (p.GrantId, p.Fingerprint));
        foreach (var use in uses)
        {
            if (connections.FirstOrDefault(c => c.GrantId == use.Key.GrantId) is not { } connection)
            {
                continue;
            }

            var unknown = (await AttemptsAsync(worker, connection)).Count(a => a.Class == RefreshClass.OutcomeUnknown);
            Require(
                use.Count() <= unknown + connection.Forced,
                $"a refresh token of {connection.Subject} came back {use.Count()} times with {unknown} attempts on record as unknown");
        }
    }

    private async Task CheckRecordsAsync(SeedWorker worker, SeedConnection connection)
    {
        var sent = world.Simulator.History.Refreshes(server.Name, after: _start).Count(p => p.Subject == connection.Subject);
        var recorded = (await AttemptsAsync(worker, connection)).Count;
        Require(sent <= recorded, $"{sent} refresh tokens of {connection.Subject} were presented and {recorded} attempts recorded");
    }

    private static Task<IReadOnlyList<Attempt>> AttemptsAsync(SeedWorker worker, SeedConnection connection) => worker.Get<IAttemptStore>()
        .ListAsync(new AttemptFilter { Environment = SeedWorld.Environment, ConnectionId = connection.Id }, null, Enough, default);

    private static async Task<ConnectionSnapshot> ReadAsync(SeedWorker worker, SeedConnection connection) =>
        await worker.Connections.GetAsync(connection.Id, default) ?? throw new SeedFailureException($"{connection.Subject} is gone");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new SeedFailureException(otherwise);
        }
    }
}
