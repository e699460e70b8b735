using System.Diagnostics;
using Rekindle.Client;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.History;

namespace Rekindle.Drills.Away;

/// <summary>
/// A fleet whose database goes away and comes back, step by step: the steps of several fleets are taken together, since they share the
/// server that goes.
/// </summary>
internal sealed class AwayRun(AwaySize size, AwayFleet fleet, AwayDatabase database, SimulatorHost simulator) : IDisposable
{
    public static readonly TimeSpan QueueAllowance = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan HttpDeadline = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan CommitDeadline = TimeSpan.FromSeconds(10);

    /// <summary>Nobody's token ends within the drill: whoever is not served was refused a valid one.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(10);

    // A result that nobody listens for any more would be one that the provider alone knows.
    private static readonly TimeSpan SomeOfTheDeadline = HttpDeadline / 2;
    private static readonly TimeSpan Durable = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan CallerPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan NoChange = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly ParallelOptions SomeAtOnce = new() { MaxDegreeOfParallelism = 16 };

    private readonly AuthorizationServer _provider = fleet.Provider;
    private readonly AwayWitness _witness = new(fleet, database, simulator);
    private readonly CancellationTokenSource _enough = new();
    private readonly HttpClient _http = new();
    private AwayConnection[] _connections = [];
    private Task<CallerRecord[]> _calling = Task.FromResult<CallerRecord[]>([]);
    private int _due;
    private int _inFlight;
    private int _pending;
    private int? _pendingOfDead;
    private int? _inJournalOfDead;
    private TimeSpan _settled;
    private int _pendingAfter;
    private IReadOnlyList<AwayConnection> _unwell = [];

    /// <summary>Imports the connections and lets their callers begin.</summary>
    public async Task SeedAsync()
    {
        var client = new RekindleClient(_http, fleet.ApiServer.Http!.BaseAddress!, database.ApiKey);
        await client.CreateIntegrationAsync(new NewIntegration
        {
            Key = _provider.Name,
            Provider = CatalogueEntry.KeyOf(_provider),
            ClientId = RegisteredClient.Default.Id,
            ClientSecret = RegisteredClient.Default.Secrets[0],
            Policy = new IntegrationPolicy
            {
                BudgetRequests = 100_000,
                Slots = size.Connections,

                // Whoever was killed is back by then and says what became of its refreshes. Where nobody is, leases and hold are over before the
                // database is back: its holders are the first all the same.
                InDoubtHoldSeconds = fleet.Variant.Kills ? (int)size.Away.TotalSeconds + 60 : 1,
                ConfirmationDelaySeconds = 1,
                BackoffBaseSeconds = 1,
                BackoffCeilingSeconds = 2,
            },
        });
        _connections = new AwayConnection[size.Connections];
        await Parallel.ForAsync(0, _connections.Length, SomeAtOnce, async (i, cancelled) =>
        {
            var grant = _provider.IssueGrant($"user-{i}");
            var imported = await client.ImportAsync(
                new ImportConnection
                {
                    Integration = _provider.Name,
                    Subject = grant.Subject,
                    AccessToken = grant.AccessToken,
                    RefreshToken = grant.RefreshToken,
                    ExpiresAt = grant.ExpiresAt,
                    ProviderAccountId = grant.Subject,
                },
                cancelled);
            _connections[i] = new AwayConnection(imported.Id, grant.GrantId);
        });
        var callers = _connections.Select(c => new Caller(c.Id, _provider, CallerPause)).ToArray();
        Array.ForEach(callers, c => c.Ask(client));
        _calling = Task.WhenAll(callers.Select(c => c.RunAsync(_enough.Token)));
        await Task.WhenAll(fleet.Seats.Select(AwayFleet.PendingOfAsync));
    }

    /// <summary>
    /// Makes two thirds of the connections due at once, and when most of them are at the provider, which has done its work and keeps its answers
    /// back until <see cref="LetAnswersGo"/>, the others: the workers have no hands free for them.
    /// </summary>
    public async Task BurstAsync()
    {
        _provider.Faults.Add(Fault.Hold(FaultStage.After));
        var watch = Stopwatch.StartNew();
        await MakeDueAsync(_connections.Take(size.Bursting));
        while (UnansweredNow() < size.Bursting * 0.9 && watch.Elapsed < SomeOfTheDeadline)
        {
            await Task.Delay(Look / 5);
        }

        await MakeDueAsync(_connections.Skip(size.Bursting));
        _due = await _witness.CountDueAsync();
    }

    /// <summary>The database has gone: the answers come now.</summary>
    public void LetAnswersGo()
    {
        _inFlight = _witness.Presented.Count(p => p.At <= database.WentAt && !(p.AnsweredAt <= database.WentAt));
        _provider.Faults.Clear();
    }

    /// <summary>Until the database comes back: looks at what is waiting, and kills who is to be killed.</summary>
    public async Task StayAwayAsync()
    {
        var killing = fleet.Variant.Kills ? KillAsync() : Task.CompletedTask;
        while (DateTimeOffset.UtcNow < database.WentAt + size.Away)
        {
            var pending = await Task.WhenAll(fleet.Seats.Select(AwayFleet.PendingOfAsync));
            _pending = Math.Max(_pending, pending.Sum() ?? 0);
            await Task.Delay(Look);
        }

        await killing;
    }

    /// <summary>The database is back: until everything is written and everybody well; without a journal, until nothing changes any more.</summary>
    public async Task SettleAsync()
    {
        var (waited, unchanged) = (Stopwatch.StartNew(), Stopwatch.StartNew());
        for (; waited.Elapsed < Limit && (fleet.Variant.Journal || unchanged.Elapsed < NoChange); await Task.Delay(Look))
        {
            var pending = await Task.WhenAll(fleet.Seats.Select(AwayFleet.PendingOfAsync));
            var unwell = await _witness.FindUnwellAsync(_connections);
            var isRunning = Array.TrueForAll(pending, p => p is not null);
            _pendingAfter = isRunning ? pending.Sum()!.Value : int.MaxValue;
            if (_pendingAfter > 0 || unwell.Count != _unwell.Count || _settled == default)
            {
                unchanged.Restart();
                _settled = DateTimeOffset.UtcNow - database.CameBackAt;
            }

            _unwell = unwell;
            if (_pendingAfter == 0 && unwell.Count == 0)
            {
                return;
            }
        }
    }

    /// <summary>Everybody once more; and then what became of it all.</summary>
    public async Task<AwayOutcome> JudgeAsync()
    {
        var lost = _unwell.Select(c => c.Id).ToHashSet();
        await Parallel.ForEachAsync(_connections.Where(c => !lost.Contains(c.Id)).ToArray(), SomeAtOnce, async (connection, _) =>
        {
            if (!await IsWellAsync(connection.Id))
            {
                lock (lost)
                {
                    lost.Add(connection.Id);
                }
            }
        });
        await _enough.CancelAsync();
        var callers = await _calling;

        var sentLater = _witness.Presented.Where(p => p.At > database.WentAt && p.At < database.CameBackAt).ToArray();
        return new AwayOutcome
        {
            Variant = fleet.Variant,
            InFlight = _inFlight,
            Due = _due,
            SentLater = sentLater.Length,
            Started = await _witness.CountUnclaimedAsync(sentLater),
            Answered = _witness.Presented.Count(p => p.Issued && p.AnsweredAt > database.WentAt && p.AnsweredAt < database.CameBackAt),
            Pending = _pending,
            PendingAfter = _pendingAfter,
            PendingOfDead = _pendingOfDead,
            InJournalOfDead = _inJournalOfDead,
            FailedStarts = fleet.Seats.Sum(s => s.FailedStarts),
            Deaths = [.. fleet.Seats.SelectMany(s => s.Deaths)],
            Lost = [.. lost],
            Reused = _witness.Presented.Count(p => p.Token == PresentedToken.Reused),
            Settled = _settled,
            Callers = callers,
        };
    }

    public void Dispose()
    {
        _enough.Cancel();
        _enough.Dispose();
        _http.Dispose();
        _witness.Dispose();
    }

    private Task MakeDueAsync(IEnumerable<AwayConnection> connections) => Parallel.ForEachAsync(connections, SomeAtOnce, async (connection, cancelled) =>
        (await fleet.ApiServer.Http!.PostAsync(new Uri($"/v1/connections/{connection.Id}/retry", UriKind.Relative), null, cancelled)).Dispose());

    private int UnansweredNow() => _witness.Presented.Count(p => p.AnsweredAt is null);

    // What it was sent is answered, and a disk had its second: from then on nobody but its journal may know it.
    private async Task KillAsync()
    {
        while (UnansweredNow() > 0)
        {
            await Task.Delay(Look);
        }

        await Task.Delay(Durable);
        _pendingOfDead = await AwayFleet.PendingOfAsync(fleet.Doomed);
        fleet.Doomed.Kill(away: Durable);
        _inJournalOfDead = await fleet.InJournalOfAsync(fleet.Doomed);
    }

    private async Task<bool> IsWellAsync(string id)
    {
        for (var until = Stopwatch.StartNew(); until.Elapsed < TimeSpan.FromSeconds(10); await Task.Delay(Look))
        {
            if (await RefreshOrder.TryAsync(fleet.ApiServer.Http!, id) is { } token)
            {
                return _provider.Accepts(token);
            }
        }

        return false;
    }
}
