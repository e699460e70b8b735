using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Seeds;

/// <summary>
/// One life of a few connections, told by a seed: three workers on three machines and one database, a provider that misbehaves, users and
/// operators. Every step is one event, and ends when everything that it set going has ended or waits: for the provider, or for the clock.
/// </summary>
/// <remarks>
/// The seed decides which event comes next, what the provider does to the next request, what becomes of the next commit, how far the clock
/// moves, and all jitter. It does not decide ids and secrets, which are random; which of two threads of one worker is faster between two
/// events; nor the order in which two workers' waits end that end at the same moment of the clock.
/// </remarks>
internal sealed class SeedRun : IAsyncDisposable
{
    private const int Workers = 3;
    private const int Events = 60;
    private const int QuietRounds = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LateTimer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HttpDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan[] Moves = [.. new[] { 10, 30, 45, 61, 120, 181, 310 }.Select(s => TimeSpan.FromSeconds(s))];

    private readonly SeedWorld _world;
    private readonly int _seed;
    private readonly Random _random;
    private readonly AuthorizationServer _server;
    private readonly TempFolder _folder;
    private readonly SeedLog _log;
    private readonly SeedChecks _checks;
    private readonly SeedWorker?[] _workers = new SeedWorker?[Workers];
    private readonly int[] _lives = new int[Workers];
    private readonly List<SeedWorker> _dead = [];
    private readonly List<SeedConnection> _connections = [];
    private readonly List<Parked> _parked = [];
    private readonly List<Task> _waiting = [];
    private readonly ConcurrentDictionary<(SeedWorker, SeedConnection), byte> _unanswered = new();

    public SeedRun(SeedWorld world, int seed)
    {
        _world = world;
        _seed = seed;
        _random = new Random(seed);
        _server = world.Servers[_random.Next(world.Servers.Count)];
        _folder = world.NewFolder();
        _log = new SeedLog(world.Clock);
        _checks = new SeedChecks(world, _server, _connections);
    }

    public string Log => $"seed {_seed}, provider '{_server.Name}'\n{_log}";

    public async Task RunAsync()
    {
        for (var i = 0; i < Workers; i++)
        {
            await StartAsync(i);
        }

        for (var i = 0; i < 3; i++)
        {
            _connections.Add(new SeedConnection($"s{_seed}-{i}"));
            await ConnectAsync(_connections[i], Any());
        }

        for (var i = 0; i < Events; i++)
        {
            await StepAsync();
            await CheckAsync();
        }

        await CalmDownAsync();
        await _checks.AtTheEndAsync(Any());
    }

    public async ValueTask DisposeAsync()
    {
        _parked.ForEach(p => p.Hold.Remove());
        foreach (var worker in _dead.Concat(_workers.OfType<SeedWorker>()))
        {
            await worker.DisposeAsync();
        }

        _folder.Dispose();
    }

    private Task StepAsync() => _random.Next(100) switch
    {
        < 30 => MoveAsync(Moves[_random.Next(Moves.Length)]),
        < 62 => ActAsync("beats", BeatAsync),
        < 68 => ActAsync("asks", w => AskAsync(w, _connections[_random.Next(_connections.Count)])),
        < 74 => ActAsync("refreshes by order", w => OrderAsync(w, _connections[_random.Next(_connections.Count)])),
        < 80 => LetGoAsync(),
        < 85 => CrashAsync(_random.Next(Workers)),
        < 91 => StartAsync(_random.Next(Workers)),
        < 98 => LeverAsync(Any(), _connections[_random.Next(_connections.Count)]),
        < 99 => EndAsync(_connections[_random.Next(_connections.Count)]),
        _ => ConnectAsync(_connections[_random.Next(_connections.Count)], Any()),
    };

    // ---- events

    private async Task StartAsync(int index)
    {
        if (_workers[index] is not null)
        {
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"w{index}.{++_lives[index]}");
        _log.Event($"{name} starts");
        _workers[index] = await SeedWorker.StartAsync(_world, _folder.Path, name, _seed + _lives[index], _log.Of(name));
    }

    private async Task CrashAsync(int index)
    {
        if (_workers[index] is not { } worker || _workers.Count(w => w is not null) == 1)
        {
            return;
        }

        _log.Event($"{worker.Name} dies");
        foreach (var parked in _parked.Where(p => p.Worker == worker))
        {
            // Whatever the provider answers now, nobody reads it. The request stays where it is until the run is over.
            parked.Connection?.Lost();
            parked.IsOver = true;
        }

        await BuryAsync(index);
    }

    private async Task BuryAsync(int index)
    {
        var worker = _workers[index]!;
        _workers[index] = null;
        _dead.Add(worker);
        _world.Tally.Deaths++;
        await worker.DieAsync();
    }

    private async Task MoveAsync(TimeSpan by)
    {
        _log.Event($"{by.TotalSeconds:0} s pass");
        foreach (var worker in Alive)
        {
            worker.Life.Unstall();
        }

        // What waits for the clock has armed its timer by then.
        await _world.Clock.AdvanceAsync(TimeSpan.Zero);
        _world.Clock.Advance(by);
        foreach (var parked in _parked.Where(p => !p.IsOver && _world.Clock.Now - p.Since >= HttpDeadline))
        {
            _log.Event($"{parked.Worker.Name} has waited long enough for the answer of {parked.Connection?.Subject}");
            parked.Connection?.Lost();
            parked.IsOver = true;
        }

        for (var late = 0; late < 5 && !await IsQuietWithinAsync(LateTimer); late++)
        {
            // It had not, on a machine that is busy: its time comes now.
            _log.Event("5 s more pass");
            _world.Clock.Advance(TimeSpan.FromSeconds(5));
        }

        await QuietAsync();
    }

    private async Task LetGoAsync()
    {
        if (_parked.Find(p => !p.IsOver) is not { } parked)
        {
            return;
        }

        _log.Event($"the provider answers {parked.Worker.Name} about {parked.Connection?.Subject}");
        parked.IsOver = true;
        parked.Hold.Remove();
        await QuietAsync();
    }

    private async Task EndAsync(SeedConnection connection)
    {
        _log.Event($"{connection.Subject} withdraws consent at the provider");
        connection.HasEnded = true;
        _server.Revoke(connection.GrantId);
        await Task.CompletedTask;
    }

    private async Task ConnectAsync(SeedConnection connection, SeedWorker worker)
    {
        _log.Event($"{connection.Subject} connects, by {worker.Name}");
        var issued = _server.IssueGrant(connection.Subject);
        var result = await worker.Get<ConnectionImporter>().ImportAsync(new ImportedGrant
        {
            Key = new ConnectionKey(SeedWorld.Environment, _server.Name, "", connection.Subject, "default", ""),
            AccessToken = Encryption.Secret.OrNull(issued.AccessToken),
            RefreshToken = Encryption.Secret.OrNull(issued.RefreshToken),
            ExpiresAt = issued.ExpiresAt,
            Scopes = issued.Scopes,
            Replace = true,
        });
        var snapshot = result switch
        {
            GrantResult.Created c => c.Snapshot,
            GrantResult.Replaced r => r.Snapshot,
            _ => throw new SeedFailureException($"{result.GetType().Name} instead of a connection"),
        };
        connection.BeginGrant(snapshot.Connection.Id, issued.GrantId);
    }

    private async Task LeverAsync(SeedWorker worker, SeedConnection connection)
    {
        var (name, pull) = _random.Next(7) switch
        {
            0 => ("force retry", worker.Levers.RetryAsync(connection.Id, "seed")),
            1 => ("clear back-off", worker.Levers.ClearBackoffAsync(connection.Id, "seed")),
            2 => ("disable", worker.Levers.DisableAsync(connection.Id, "seed")),
            3 or 4 => ("enable", worker.Levers.EnableAsync(connection.Id, "seed")),
            5 => ("break lease", (Task)worker.Levers.BreakLeaseAsync(connection.Id, "seed")),
            _ => ("require reauthorization", worker.Levers.RequireReauthorizationAsync(connection.Id, "seed", "seed")),
        };
        _log.Event($"{worker.Name}: {name} {connection.Subject}");
        await pull;
        connection.AskedToReconnect |= name == "require reauthorization";
        connection.Forced += name == "force retry" ? 1 : 0;
    }

    // ---- what a worker does, and what becomes of its next request and its next commit

    private async Task ActAsync(string what, Func<SeedWorker, Task> act)
    {
        var worker = Any();
        var fault = _random.Next(100) < 45 ? Misbehaviour() : null;
        var fate = _random.Next(100) < 15 ? (CommitFate)_random.Next(1, 5) : CommitFate.Done;
        _log.Event($"{worker.Name} {what}{(fault is null ? "" : $"; the provider: {fault.Kind} {fault.Stage}")}{(fate == CommitFate.Done ? "" : $"; the commit: {fate}")}");
        worker.Life.FateOfNextCommit(fate);
        var armed = fault is null ? null : _server.Faults.Add(fault.Times(1));
        var newest = _world.Simulator.History.Newest;
        var stalled = worker.Life.Stalled;
        var acting = act(worker);
        await UntilAsync(() => acting.IsCompleted || worker.Life.IsDead || IsHeld(armed) || worker.Life.Stalled > stalled || _waitsForHolder);
        await UntilAsync(() => worker.Life.IsDead || IsHeld(armed) || IsQuiet());
        if (IsHeld(armed))
        {
            // On a machine that is busy it may have been the late request of another worker, which waited for this connection.
            var struck = Struck(newest);
            var holder = struck is null ? worker : Alive.FirstOrDefault(w => w.Life.IsFlying(struck.Id)) ?? worker;
            _parked.Add(new Parked(holder, armed!, struck, _world.Clock.Now));
        }
        else if (armed is not null)
        {
            if (armed.Hits > 0 && fault!.Kind == FaultKind.ForgottenRotation)
            {
                Struck(newest)?.Forgotten();
            }
            else if (armed.Hits > 0 && fault!.Stage == FaultStage.After)
            {
                Struck(newest)?.Lost();
            }

            armed.Remove();
        }

        worker.Life.FateOfNextCommit(CommitFate.Done);
        _waitsForHolder = false;
        _waiting.Add(acting);
        await QuietAsync();
        if (worker.Life.IsDead)
        {
            _log.Event($"{worker.Name} died in its commit");
            await BuryAsync(Array.IndexOf(_workers, worker));
            if (!Alive.Any())
            {
                await StartAsync(0);
            }
        }
    }

    private bool _waitsForHolder;

    private static Task BeatAsync(SeedWorker worker) => worker.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);

    // Half a lifetime is asked for: then nothing is refreshed behind the caller's back, where this run would not see it end.
    private async Task AskAsync(SeedWorker worker, SeedConnection connection)
    {
        var answer = await AnsweredAsync(worker, connection, () =>
            worker.Tokens.TryGetAsync(connection.Id, new TokenDemand(SeedWorld.Lifetime, TimeSpan.FromSeconds(30))).AsTask());
        _checks.Answered(worker, connection, answer);
    }

    private async Task OrderAsync(SeedWorker worker, SeedConnection connection)
    {
        connection.Forced++;
        await AnsweredAsync(worker, connection, () => worker.Levers.RefreshAsync(connection.Id, capture: true, "seed"));
    }

    // Who joins a flight of the same worker that waits, for a holder or for the clock, waits as well.
    private async Task<T> AnsweredAsync<T>(SeedWorker worker, SeedConnection connection, Func<Task<T>> ask)
    {
        _waitsForHolder = !_unanswered.TryAdd((worker, connection), 0) || await IsHeldByAnybodyAsync(worker, connection);
        var answer = await ask();
        _unanswered.TryRemove((worker, connection), out _);
        return answer;
    }

    private async Task<bool> IsHeldByAnybodyAsync(SeedWorker worker, SeedConnection connection) =>
        worker.Life.IsStalled(connection.Id) || (await worker.Connections.GetAsync(connection.Id, default))?.LeaseUntil > _world.Clock.Now;

    private Fault Misbehaviour() => _random.Next(11) switch
    {
        0 => Fault.LostAnswer(),
        1 => Fault.Of(FaultKind.Abort),
        2 => Fault.GatewayTimeout(),
        3 => Fault.TruncatedAnswer(),
        4 => Fault.Throttled(TimeSpan.FromSeconds(30)),
        5 => Fault.Of(FaultKind.ServerError),
        6 => Fault.Of(FaultKind.Garbage),
        7 => Fault.Hold(),
        8 => Fault.ForgottenRotation(),
        _ => Fault.Hold(FaultStage.After),
    };

    private static bool IsHeld(ActiveFault? armed) => armed is { Fault.Kind: FaultKind.Hold, Hits: > 0 };

    private SeedConnection? Struck(long after)
    {
        var subject = _world.Simulator.History.Refreshes(_server.Name, after: after) is [.., var last] ? last.Subject : null;
        return _connections.Find(c => c.Subject == subject);
    }

    // ---- the end

    // Nothing goes wrong any more, everybody is there again, and what waits for an operator gets one.
    private async Task CalmDownAsync()
    {
        _log.Event("calm");
        foreach (var parked in _parked.Where(p => !p.IsOver).ToList())
        {
            await LetGoAsync();
        }

        for (var i = 0; i < Workers; i++)
        {
            await StartAsync(i);
        }

        foreach (var connection in _connections)
        {
            await Any().Levers.EnableAsync(connection.Id, "seed");
        }

        await _checks.BeginCalmAsync(Any());
        for (var i = 0; i < QuietRounds && !await _checks.IsWellAsync(Any()); i++)
        {
            foreach (var worker in Alive)
            {
                await BeatAsync(worker);
                await QuietAsync();
            }

            if (i % 30 == 29)
            {
                await _checks.ReleaseQuarantinedAsync(Any());
            }

            await MoveAsync(TimeSpan.FromSeconds(60));
            await CheckAsync();
        }
    }

    private async Task CheckAsync()
    {
        foreach (var ended in _waiting.Where(t => t.IsCompleted).ToList())
        {
            _waiting.Remove(ended);
            if (ended.Exception?.InnerException is { } e and not StoreException)
            {
                throw new SeedFailureException(e.ToString());
            }
        }

        await _checks.AfterStepAsync(Any());
    }

    private IEnumerable<SeedWorker> Alive => _workers.OfType<SeedWorker>();

    private SeedWorker Any()
    {
        var alive = Alive.ToArray();
        return alive[_random.Next(alive.Length)];
    }

    private bool IsQuiet() => Alive.All(w => w.Life.IsDead || w.Life.Flying <= _parked.Count(p => p.Worker == w && !p.IsOver));

    private Task QuietAsync() => UntilAsync(IsQuiet);

    private Task<bool> IsQuietWithinAsync(TimeSpan time) => IsWithinAsync(IsQuiet, time);

    private async Task UntilAsync(Func<bool> condition)
    {
        if (!await IsWithinAsync(condition, Patience))
        {
            var flying = Alive.Select(w => $"{w.Name}: {w.Life.Describe()}, {_parked.Count(p => p.Worker == w && !p.IsOver)} held by the provider");
            throw new SeedFailureException($"something goes on and on ({string.Join("; ", flying)})");
        }
    }

    // No event of the engine says that nothing goes on any more.
    private static async Task<bool> IsWithinAsync(Func<bool> condition, TimeSpan time)
    {
        var started = Stopwatch.GetTimestamp();
        for (var spins = 0; !condition(); spins++)
        {
            if (Stopwatch.GetElapsedTime(started) > time)
            {
                return false;
            }

            await (spins < 100 ? Task.Run(static () => { }) : Task.Delay(1));
        }

        return true;
    }

    /// <summary>A request that the provider holds.</summary>
    private sealed class Parked(SeedWorker worker, ActiveFault hold, SeedConnection? connection, DateTimeOffset since)
    {
        public SeedWorker Worker { get; } = worker;

        public ActiveFault Hold { get; } = hold;

        public SeedConnection? Connection { get; } = connection;

        public DateTimeOffset Since { get; } = since;

        /// <summary>Answered, or nobody waits for the answer any more.</summary>
        public bool IsOver { get; set; }
    }
}
