using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rekindle.Attempts;
using Rekindle.Benchmarks.Setting;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Benchmarks.Lines;

/// <summary>Claims and commits on one database, by the store that the server uses.</summary>
internal sealed class ClaimCycle : IAsyncDisposable
{
    public const int Batch = 32;
    private const string Holder = "bench";

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

    /// <summary>A database in which so many connections are overdue. Their tokens are bytes: nobody opens them.</summary>
    public static async Task<ClaimCycle> CreateAsync(BenchPlace place, string name, int stored)
    {
        var deployment = await place.DeploymentAsync(name);
        var integrations = await deployment.CreateIntegrationsAsync(name, 1);
        var now = DateTimeOffset.UtcNow;
        await new ConnectionSeeder(deployment.ConnectionString).SeedAsync(new SeedPlan
        {
            Integrations = [.. integrations.Select(i => (i.Id, i.Key))],
            Count = stored,
            Environment = Deployment.Environment,
            Now = now,
            Times = n => new(now.AddMinutes(-50), now.AddHours(1), now.AddMinutes(-10).AddMilliseconds(n / (double)stored * 60_000)),
        });
        return new ClaimCycle(deployment, integrations[0]);
    }

    /// <summary>One claim, and the commit of what was claimed. Answers how long the claim took.</summary>
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

        var results = await _store.CommitAsync([.. claims.Select(c => Success(c, now))], CancellationToken.None);
        return results.All(r => r == CommitResult.Applied) ? took : throw new InvalidOperationException("A commit was not applied.");
    }

    public async ValueTask DisposeAsync() => await ((IAsyncDisposable)_parts).DisposeAsync();

    private static RefreshCommit Success(Claim claim, DateTimeOffset now) => new()
    {
        Claim = claim,
        Attempt = new Attempt
        {
            Id = claim.AttemptId,
            CreatedAt = now,
            ConnectionId = claim.Connection.Id,
            IntegrationId = claim.Connection.IntegrationId,
            Key = claim.Connection.Key,
            Source = RefreshSource.Scheduled,
            Action = AttemptAction.TokenRefreshed,
            Class = RefreshClass.Success,
            Decision = "committed",
            NextStep = "refreshed again before it ends",
            Worker = Holder,
            WorkerVersion = "1.0",
            GrantNo = claim.Tokens.GrantNo,
            Version = claim.Tokens.Version,
        },
        Tokens = new NewTokens
        {
            AccessToken = new SealedSecret(new byte[1000]),
            RefreshToken = new SealedSecret(new byte[250]),
            IssuedAt = now,
            ExpiresAt = now.AddHours(1),
            ExpirySource = ExpirySource.ExpiresIn,
        },
        Status = ConnectionStatus.Active,
        DueAt = now.AddMinutes(50),
        Dependents = DependentState.Active,
        ClosesNotifications = true,
    };
}
