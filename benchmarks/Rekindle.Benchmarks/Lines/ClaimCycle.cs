using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rekindle.Benchmarks.Setting;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Benchmarks.Lines;

/// <summary>Claims and commits on one database, by the store that the server uses.</summary>
internal sealed class ClaimCycle : IAsyncDisposable
{
    public const int Batch = 32;

    /// <summary>How many are due.</summary>
    public const int Hot = 300 * Batch;

    private const string Holder = "bench";

    // The overdue ones were due within this time, minutes ago.
    private static readonly TimeSpan Lap = TimeSpan.FromSeconds(60);

    private static readonly SealedSecret AccessToken = new(new byte[1000]);
    private static readonly SealedSecret RefreshToken = new(new byte[250]);

    private readonly IHost _parts;
    private readonly IRefreshStore _store;
    private readonly Integration _integration;

    private ClaimCycle(Deployment deployment, Integration integration)
    {
        ConnectionString = deployment.ConnectionString;
        _parts = deployment.Parts();
        _store = _parts.Services.GetRequiredService<IRefreshStore>();
        _integration = integration;
    }

    public string ConnectionString { get; }

    /// <summary>
    /// A database of so many connections, <see cref="Hot"/> of which are overdue and lie evenly among the others: what is worked on is as much
    /// in a small database as in a large one. Their tokens are bytes: nobody opens them.
    /// </summary>
    public static async Task<ClaimCycle> CreateAsync(BenchPlace place, string name, int stored)
    {
        var stride = stored / Hot;
        var deployment = await place.DeploymentAsync(name);
        var integrations = await deployment.CreateIntegrationsAsync(name, 1);
        var now = DateTimeOffset.UtcNow;
        await new ConnectionSeeder(deployment.ConnectionString).SeedAsync(new SeedPlan
        {
            Integrations = [.. integrations.Select(i => (i.Id, i.Key))],
            Count = stored,
            Environment = Deployment.Environment,
            Now = now,
            Times = n => new(now.AddMinutes(-50), now.AddHours(1), n % stride == 0 ? now.AddMinutes(-15) + (Lap * (n / (double)stored)) : now.AddDays(1)),
        });
        var cycle = new ClaimCycle(deployment, integrations[0]);
        for (var n = 0; n < Hot / Batch; n++)
        {
            // Every row that is due is met once before anything counts.
            await cycle.RunAsync();
        }

        return cycle;
    }

    /// <summary>One claim, and the commit of what was claimed, which is due again behind all others. Answers how long the claim took.</summary>
    public async Task<TimeSpan> RunAsync()
    {
        var now = DateTimeOffset.UtcNow;
        var watch = Stopwatch.StartNew();
        var claims = await _store.ClaimDueAsync(
            new ClaimRequest(Holder, now, TimeSpan.FromMinutes(3), [new ClaimQuota(_integration.Id, Batch)]), CancellationToken.None);
        var took = watch.Elapsed;
        if (claims.Count != Batch)
        {
            throw new InvalidOperationException($"{claims.Count} of {Batch} were claimed.");
        }

        var results = await _store.CommitAsync([.. claims.Select(c => Commits.Success(c, now, AccessToken, RefreshToken) with { DueAt = c.DueAt + Lap })], CancellationToken.None);
        return results.All(r => r == CommitResult.Applied) ? took : throw new InvalidOperationException("A commit was not applied.");
    }

    public async ValueTask DisposeAsync() => await ((IAsyncDisposable)_parts).DisposeAsync();
}
