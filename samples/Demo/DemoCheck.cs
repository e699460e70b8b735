using System.Globalization;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Demo;

/// <summary>Runs the world for a while and verifies what happened against what the simulator saw, not against our own word.</summary>
internal sealed class DemoCheck(DemoWorld world, TextWriter output)
{
    private const int RefreshesEach = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private const string Reconnected = "'Strict (rotates, reuse ends the grant) is connected', id kept, metadata kept, active, grant 1 then 2, token handed out";

    private readonly List<string> _failures = [];

    /// <summary>0 when everything holds.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var callers = new DemoCallers(world);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var calling = callers.RunAsync(ended.Token);
        var started = TimeProvider.System.GetTimestamp();
        output.WriteLine($"Server {world.Address}, {world.Healthy.Count} healthy connections and {world.Troubled.Count} troubled ones; at most {Limit.TotalSeconds:0} s.");

        var reconnected = await ReconnectAsync(callers, cancellationToken);
        while (TimeProvider.System.GetElapsedTime(started) < Limit && !(HealthyAreDone() && await TroublesHaveSettledAsync(cancellationToken)))
        {
            await Task.Delay(Look, cancellationToken);
        }

        await ended.CancelAsync();
        await calling;
        await ReportAsync(callers, reconnected, TimeProvider.System.GetElapsedTime(started), cancellationToken);
        return _failures.Count == 0 ? 0 : 1;
    }

    private async Task ReportAsync(DemoCallers callers, string reconnected, TimeSpan took, CancellationToken cancellationToken)
    {
        var statistics = new DemoStatistics(world);
        await statistics.ReadAsync(cancellationToken);
        var perGrant = RefreshesPerGrant();
        var fewest = world.Healthy.Min(c => perGrant.GetValueOrDefault(c.GrantId));
        var unwell = await UnwellAsync(cancellationToken);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"After {took.TotalSeconds:0} s: {statistics.Refreshed} refreshes, failed {(statistics.Failed.Count == 0 ? "0" : string.Join(", ", statistics.Failed.Select(f => $"{Names.Of(f.Key)} {f.Value}")))}."));
        Verify($"every healthy connection was refreshed at least {RefreshesEach} times (fewest: {fewest})", fewest >= RefreshesEach);
        Verify($"every healthy connection is active ({unwell.Count} are not{(unwell.Count == 0 ? "" : ": " + string.Join(", ", unwell.Take(5)))})", unwell.Count == 0);
        Verify($"no token that a provider's API refused was handed out ({callers.Accepted} accepted, {callers.Refused} refused)",
            callers.Refused == 0 && callers.Accepted > 0);
        Verify($"every request for a healthy connection's token got one ({callers.Errors} did not)", callers.Errors == 0);
        Verify($"no refresh token was presented twice outside its provider's rule ({OutsideRule()} were)", OutsideRule() == 0);
        Verify($"a connection was killed and connected again by browser: {reconnected}", reconnected == Reconnected);
        foreach (var (trouble, connection) in world.Troubled)
        {
            var found = await FindAsync(trouble, connection, callers, cancellationToken);
            Verify($"{trouble.Subject}: {found}{(found == Expected(trouble) ? "" : $", expected {Expected(trouble)}")}", found == Expected(trouble));
        }

        output.WriteLine(_failures.Count == 0 ? "All of it holds." : $"{_failures.Count} of these do not hold.");
    }

    private bool HealthyAreDone()
    {
        var perGrant = RefreshesPerGrant();
        return world.Healthy.All(c => perGrant.GetValueOrDefault(c.GrantId) >= RefreshesEach);
    }

    private async Task<bool> TroublesHaveSettledAsync(CancellationToken cancellationToken)
    {
        foreach (var (trouble, connection) in world.Troubled)
        {
            var snapshot = await world.Get<IConnectionStore>().GetAsync(connection.Id, cancellationToken);
            if (Names.Of(snapshot!.Connection.Status) != trouble.Status)
            {
                return false;
            }
        }

        return true;
    }

    // The simulator's own count: one successful refresh is one answer with a token.
    private Dictionary<string, int> RefreshesPerGrant() => world.Simulator.Servers.Keys
        .SelectMany(name => world.Simulator.History.RefreshesPerGrant(name).Select(g => (g.GrantId, g.Refreshes)))
        .GroupBy(g => g.GrantId).ToDictionary(g => g.Key, g => g.Sum(x => x.Refreshes));

    // One refresh token is lost on purpose; its one repetition after the recorded unknown outcome is inside our rule, not the provider's.
    private int OutsideRule() => world.Simulator.Servers.Keys
        .SelectMany(name => world.Simulator.History.PresentedOutsideRule(name)).Count(p => p.Subject != "answer-lost");

    private async Task<List<string>> UnwellAsync(CancellationToken cancellationToken)
    {
        var unwell = new List<string>();
        foreach (var connection in world.Healthy)
        {
            var snapshot = await world.Get<IConnectionStore>().GetAsync(connection.Id, cancellationToken);
            if (snapshot?.Connection.Status != ConnectionStatus.Active)
            {
                unwell.Add($"{connection.Actor}/{connection.Subject} {snapshot?.Connection.LastRefreshError}");
            }
        }

        return unwell;
    }

    private async Task<string> FindAsync(Trouble trouble, DemoConnection connection, DemoCallers callers, CancellationToken cancellationToken)
    {
        var snapshot = (await world.Get<IConnectionStore>().GetAsync(connection.Id, cancellationToken))!.Connection;
        var answer = await callers.AskAsync(connection.Id, cancellationToken);
        return $"{Names.Of(snapshot.Status)}/{(snapshot.DisconnectReason is { } r ? Names.Of(r) : "-")}, "
            + $"{(answer.TryGetProperty("code", out var code) ? code.GetString() : "token")}, who_acts {(answer.TryGetProperty("who_acts", out var who) ? who.GetString() : "-")}";
    }

    private static string Expected(Trouble t) => $"{t.Status}/{t.Reason ?? "-"}, {t.Code}, who_acts {t.WhoActs}";

    // Killed at the provider, noticed by a refresh, connected again by a person with a browser: the same connection lives on.
    private async Task<string> ReconnectAsync(DemoCallers callers, CancellationToken cancellationToken)
    {
        var victim = world.Healthy.First(c => c.Actor == Cast.Strict);
        world.Healthy.Remove(victim);
        var connections = world.Get<IConnectionStore>();
        var server = world.Simulator.Servers[victim.Actor];
        server.Revoke(victim.GrantId);
        while ((await connections.GetAsync(victim.Id, cancellationToken))!.Connection.Status != ConnectionStatus.NeedsReauthorization)
        {
            await Task.Delay(Look / 5, cancellationToken);
        }

        var before = (await connections.GetAsync(victim.Id, cancellationToken))!;
        using var person = new DemoPerson();
        var last = await person.ConnectAsync(await callers.ReconnectLinkAsync(victim.Id, cancellationToken), victim.Subject, cancellationToken);
        var after = (await connections.FindAsync(before.Connection.Key, cancellationToken))!;
        if (server.Grants.LastOrDefault(g => g.Subject == victim.Subject && g.End is null) is { } grant)
        {
            world.Healthy.Add(victim with { GrantId = grant.Id });
        }

        var answer = await callers.AskAsync(victim.Id, cancellationToken);
        return $"'{last}', id {(after.Connection.Id == victim.Id ? "kept" : "lost")}, "
            + $"metadata {(after.Connection.Metadata.GetValueOrDefault("plan") == "gold" ? "kept" : "lost")}, "
            + $"{Names.Of(after.Connection.Status)}, grant {before.Tokens!.GrantNo} then {after.Tokens!.GrantNo}, "
            + $"{(answer.TryGetProperty("access_token", out _) ? "token handed out" : "no token")}";
    }

    private void Verify(string what, bool holds)
    {
        output.WriteLine($"  {(holds ? "ok  " : "FAIL")}  {what}");
        if (!holds)
        {
            _failures.Add(what);
        }
    }
}
