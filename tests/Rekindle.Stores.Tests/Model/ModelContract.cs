using System.Globalization;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Model;

/// <summary>
/// A store does what <see cref="ModelConnection"/> does, whatever is done in whatever order: claims, results in time, late and twice,
/// reconnects, levers, expiry, leases that run out or are broken, deletion. A run is decided by its seed: a failure names it, and
/// <c>MODEL_SEED=n</c> repeats that one alone; <c>MODEL_SEEDS=n</c> runs more of them.
/// </summary>
[Trait("Req", "A11")]
public abstract class ModelContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private const int Steps = 120;
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);
    private static readonly string[] Subjects = ["anna", "ben", "cleo"];

    private readonly Dictionary<string, ModelConnection> _model = [];
    private readonly List<ModelClaim> _claims = [];
    private readonly List<string> _done = [];
    private Random _random = new(0);

    /// <summary>Whether leases run on the test's clock; otherwise on the database's own, and are aged by hand.</summary>
    protected abstract bool LeasesRunOnTheClock { get; }

    [Theory]
    [MemberData(nameof(ModelSeeds.All), MemberType = typeof(ModelSeeds))]
    public async Task Whatever_is_done_in_whatever_order_the_store_does_what_the_model_does(int seed)
    {
        _random = new(seed);
        for (var step = 0; step < Steps; step++)
        {
            try
            {
                await StepAsync();
                await CompareAsync();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}, step {step}: {e.Message}\n{string.Join('\n', _done)}", e);
            }
        }
    }

    private Task StepAsync() => _random.Next(20) switch
    {
        0 or 1 => SaveGrantAsync(),
        2 or 3 or 4 => ClaimOneAsync(),
        5 => ClaimAllDueAsync(),
        6 => TakeOverAsync(),
        7 or 8 or 9 or 10 => CommitOneAsync(),
        11 => ReleaseAsync(),
        12 => RunOutAsync(),
        13 => BreakAsync(),
        14 or 15 => PullAsync(),
        16 => PatchAsync(),
        17 => PassAsync(),
        18 => LateAsync(),
        _ => EndAsync(),
    };

    private async Task SaveGrantAsync()
    {
        var subject = Pick(Subjects);
        Did($"grant {subject}");
        var result = await Connections.SaveGrantAsync(Given.Grant(Mail, subject, Now), default);
        if (!_model.TryGetValue(subject, out var connection))
        {
            _model[subject] = connection = new(Assert.IsType<GrantResult.Created>(result).Snapshot.Connection.Id);
        }

        connection.SaveGrant(Now);
    }

    private async Task ClaimOneAsync()
    {
        if (Any() is not { } connection)
        {
            return;
        }

        Did($"claim {connection.Id}");
        var epoch = connection.Epoch;
        var answer = await Refresh.ClaimOneAsync(connection.Id, connection.Version, Given.Terms(Now), Wait, default);
        switch (answer)
        {
            case ClaimAnswer.Taken taken:
                Assert.True(connection.MayBeTaken(Wait), "taken, and must not be");
                Assert.Equal((connection.GrantNo, connection.Version), (taken.Claim.Tokens.GrantNo, taken.Claim.Tokens.Version));
                Took(connection, taken.Claim, epoch);
                break;
            case ClaimAnswer.Held:
                Assert.True(connection.IsHeld, "held by nobody");
                break;
            case ClaimAnswer.InDoubt:
                Assert.True(connection.Lease is not null && !connection.IsHeld && !connection.MayBeTaken(Wait), "not in doubt");
                break;
            case ClaimAnswer.Moved:
                Assert.False(connection.MayBeRefreshed && connection.Refresh is not null, "moved, and is not");
                break;
            default:
                Assert.Fail($"{answer} for a connection that is there");
                break;
        }
    }

    private async Task ClaimAllDueAsync()
    {
        Did("claim what is due");
        var expected = _model.Values.Where(c => c is { Lease: null, MayBeRefreshed: true } && c.DueAt <= Now).Select(c => c.Id).Order().ToArray();

        var claims = await ClaimDueAsync();

        Assert.Equal(expected, claims.Select(c => c.Connection.Id).Order());
        Took(claims);
    }

    private async Task TakeOverAsync()
    {
        Did("take open intents over");
        var expected = _model.Values.Where(c => c.Lease is not null && c.MayBeTaken(Wait)).Select(c => c.Id).Order().ToArray();

        var claims = await Refresh.ClaimOpenIntentsAsync(new(Given.Worker, "1.0", Now, Given.Lease, [new(Mail.Id, Wait, 100)]), default);

        Assert.Equal(expected, claims.Select(c => c.Connection.Id).Order());
        Took(claims);
        foreach (var connection in _model.Values)
        {
            connection.EndOpenIntent(Wait);
        }
    }

    private async Task CommitOneAsync()
    {
        if (_claims.Count == 0)
        {
            return;
        }

        // The newest most of the time, now and then one of long ago, and some a second time.
        var claim = _random.Next(3) == 0 ? Pick(_claims) : _claims[^1];
        Did($"{claim.Result} of {claim.Attempt} on {claim.Claim.Connection.Id}, version {claim.Version}");
        var connection = _model.Values.FirstOrDefault(c => c.Id == claim.Claim.Connection.Id);
        var repeated = connection?.WasTold(claim) ?? false;
        var expected = connection?.Commit(claim, Now);

        var told = await CommitAsync(claim.Result switch
        {
            ModelResult.Success => Success(claim),
            ModelResult.Trouble => Given.Trouble(claim.Claim, Now),
            _ => Given.Death(claim.Claim, Now),
        });

        if (repeated)
        {
            // Of two words for "it did not land" a repetition may hear the other: the lease has gone on since.
            Assert.True(connection!.IsOtherwiseOnRecord(claim) || (expected == CommitResult.Applied) == (told == CommitResult.Applied), $"{expected} first, {told} when repeated");
        }
        else if (connection is not null)
        {
            Assert.Equal(expected, told);
        }
        else
        {
            // Deleted: there is nothing to land on, or it had landed before.
            Assert.NotEqual(CommitResult.Superseded, told);
        }
    }

    private async Task ReleaseAsync()
    {
        if (_claims.Count > 0)
        {
            var claim = Pick(_claims);
            Did($"release {claim.Attempt}");
            await Refresh.ReleaseAsync([new(claim.Claim.Connection.Id, claim.Attempt)], default);
            _model.Values.FirstOrDefault(c => c.Id == claim.Claim.Connection.Id)?.Release(claim.Attempt);
        }
    }

    private async Task RunOutAsync()
    {
        if (Any(c => c.IsHeld) is { } connection)
        {
            var ago = TimeSpan.FromMinutes(_random.Next(2) == 0 ? 1 : 10);
            Did($"the lease on {connection.Id} ran out {ago} ago");
            await RunOutAsync(connection.Id, ago);
            connection.Age(Given.Lease + ago);
        }
    }

    private async Task BreakAsync()
    {
        if (Any() is { } connection)
        {
            Did($"break the lease on {connection.Id}");
            Assert.Equal(connection.Lease is not null, await Refresh.BreakLeaseAsync(connection.Id, Now, default));
            if (connection.Lease is not null)
            {
                connection.Break();
            }
        }
    }

    private async Task PullAsync()
    {
        if (Any() is { } connection)
        {
            LeverChange lever = _random.Next(6) switch
            {
                0 => new LeverChange.Disable(),
                1 or 2 => new LeverChange.Enable(),
                3 => new LeverChange.RequireReauthorization("model"),
                4 => new LeverChange.Revoke(DisconnectReason.OperatorRequest),
                _ => new LeverChange.ForceRetry(),
            };
            Did($"{lever} {connection.Id}");
            await Connections.ApplyAsync(connection.Id, lever, Now, default);
            connection.Pull(lever, Now);
        }
    }

    private async Task PatchAsync()
    {
        if (Any() is { } connection)
        {
            Did($"patch {connection.Id}");
            var label = $"label {_done.Count}";
            Assert.Equal(label, (await Connections.PatchAsync(connection.Id, new(label, null), Now, default))!.Connection.Label);
        }
    }

    private async Task PassAsync()
    {
        // Seven seconds more, so that nothing ends exactly now.
        var time = new TimeSpan(0, _random.Next(1, 45), 7);
        Did($"{time} pass");
        Clock.Advance(time);
        foreach (var connection in _model.Values.Where(c => c.Lease is not null))
        {
            connection.Age(time);
            if (!LeasesRunOnTheClock)
            {
                await AgeLeaseAsync(connection.Id, time);
            }
        }

        await Refresh.DegradeExpiredAsync(Now, 100, default);
        foreach (var connection in _model.Values)
        {
            connection.Degrade(Now);
        }
    }

    private async Task LateAsync()
    {
        Did("apply late results");
        await Refresh.ApplyLateResultsAsync(Now, 100, default);
    }

    private async Task EndAsync()
    {
        if (Any() is not { } connection)
        {
            return;
        }

        if (connection.Status == ConnectionStatus.Revoked)
        {
            Did($"erase {connection.Id}");
            await Connections.EraseTokensAsync(connection.Id, Now, default);
            connection.Erase();
        }
        else if (_random.Next(3) == 0)
        {
            Did($"delete {connection.Id}");
            Assert.True(await Connections.DeleteAsync(connection.Id, "model", Now, default));
            _model.Remove(_model.Single(m => m.Value == connection).Key);
        }
    }

    private async Task CompareAsync()
    {
        foreach (var subject in Subjects)
        {
            var stored = await Connections.FindAsync(Given.Key(Mail, subject), default);
            if (!_model.TryGetValue(subject, out var model))
            {
                Assert.Null(stored);
                continue;
            }

            Assert.NotNull(stored);
            var refresh = Given.Text(stored.Tokens?.RefreshToken);
            while (refresh != model.Refresh && model.AdoptLate(refresh, stored.DueAt, stored.Connection.Status))
            {
                Did($"{model.Id} took a late result over");
            }

            Assert.Equal(
                (model.Id, model.Status, model.Refresh, model.DueAt, model.Lease is not null),
                (stored.Connection.Id, stored.Connection.Status, refresh, stored.DueAt, stored.LeaseUntil is not null));
            if (model.Refresh is not null)
            {
                Assert.Equal((model.GrantNo, model.Version, model.ExpiresAt), (stored.Tokens!.GrantNo, stored.Tokens.Version, stored.Tokens.ExpiresAt));
            }
        }
    }

    private RefreshCommit Success(ModelClaim claim)
    {
        var success = Given.Success(claim.Claim, Now);
        return success with { Tokens = success.Tokens! with { RefreshToken = Given.Sealed(claim.NewRefresh) } };
    }

    private void Took(IEnumerable<Claim> claims)
    {
        foreach (var claim in claims)
        {
            var connection = _model.Values.Single(c => c.Id == claim.Connection.Id);
            Took(connection, claim, connection.Epoch);
        }
    }

    private void Took(ModelConnection connection, Claim claim, int epoch)
    {
        connection.Take(claim.AttemptId);
        _claims.Add(new(claim, epoch, (ModelResult)_random.Next(3)));
    }

    private ModelConnection? Any(Func<ModelConnection, bool>? fits = null)
    {
        var those = _model.Values.Where(fits ?? (_ => true)).OrderBy(c => c.Id.Value).ToArray();
        return those.Length == 0 ? null : Pick(those);
    }

    private T Pick<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    private void Did(string what) => _done.Add(string.Create(CultureInfo.InvariantCulture, $"{_done.Count,4} {Now:HH:mm:ss} {what}"));
}

public sealed class SqliteModelTests : ModelContract<Sqlite.SqliteTestStore>
{
    protected override bool LeasesRunOnTheClock => true;
}

public sealed class PostgresModelTests : ModelContract<Postgres.PostgresTestStore>
{
    protected override bool LeasesRunOnTheClock => false;
}
