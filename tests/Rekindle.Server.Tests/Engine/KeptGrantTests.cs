using Rekindle.Connect;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A person has consented, the code is exchanged, and the database is away: what the provider gave exists once (I5).</summary>
[Trait("Req", "I5"), Trait("Req", "F4")]
public sealed class KeptGrantTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();
    private bool _away = true;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_consent_is_stored_as_soon_as_the_database_is_back()
    {
        await using var engine = await StartAsync();
        var saved = await SaveAsync(engine);
        Assert.Equal((null, true, 1), (saved.Result, saved.IsKept, engine.Get<ResultJournal>().Pending));

        _away = false;
        while (engine.Get<ResultJournal>().Pending > 0)
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        Assert.Equal(ConnectionStatus.Active, (await FindAsync(engine))!.Connection.Status);
    }

    [Fact]
    public async Task A_consent_survives_the_process_that_took_it()
    {
        await using (var first = await StartAsync())
        {
            Assert.True((await SaveAsync(first)).IsKept);
        }

        _away = false;
        await using var second = await StartAsync();

        var found = (await FindAsync(second))!;
        Assert.Equal((ConnectionStatus.Active, 1, 1), (found.Connection.Status, found.Tokens!.GrantNo, found.Tokens.Version));
        Assert.NotNull((await second.AskAsync(found.Connection.Id)).Token);
    }

    [Fact]
    public async Task A_consent_that_was_stored_and_refreshed_since_is_not_stored_again()
    {
        var entry = default(JournalledGrant);
        await using (var first = await StartAsync())
        {
            _away = false;
            entry = JournalledGrant.Of(await GrantAsync(first));
            await first.Get<ResultJournal>().KeepAsync(entry);
            await first.Connections.SaveGrantAsync(entry.ToGrant(first.Get<Sealer>(), _clock.Now), default);
            _clock.Advance(TimeSpan.FromMinutes(55));
            await first.BeatAsync();
        }

        await using var second = await StartAsync();

        var found = (await FindAsync(second))!.Tokens!;
        Assert.Equal((1, 2), (found.GrantNo, found.Version));
    }

    private Task<EngineHost> StartAsync() => EngineHost.StartAsync(new EngineSettings
    {
        Folder = _folder.Path,
        Time = _clock,
        Store = FaultyStore<IConnectionStore>.OnSqlite((method, _) => _away && method.Name == nameof(IConnectionStore.SaveGrantAsync)
            ? new StoreException("away") { IsTransient = true }
            : null),
    });

    private async Task<SavedGrant> SaveAsync(EngineHost engine)
    {
        var saving = engine.Get<GrantKeeper>().SaveAsync(await GrantAsync(engine), Connection.Empty);
        while (!saving.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return await saving;
    }

    private static async Task<NewGrant> GrantAsync(EngineHost engine)
    {
        var entry = await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default);
        var issued = engine.Server.IssueGrant("user-1");
        var now = engine.Clock.Now;
        return engine.Get<GrantWriter>().FromConsent(KeyOf(engine), entry!, new Consent
        {
            Tokens = new TokenAnswer
            {
                AccessToken = new Secret(issued.AccessToken),
                RefreshToken = new Secret(issued.RefreshToken!),
                ExpiresAt = issued.ExpiresAt,
                ExpirySource = ExpirySource.ExpiresIn,
            },
            SentAt = now,
            GrantedAt = now,
            ClientId = entry!.Credentials.ClientId,
        });
    }

    private static Task<ConnectionSnapshot?> FindAsync(EngineHost engine) => engine.Connections.FindAsync(KeyOf(engine), default);

    private static ConnectionKey KeyOf(EngineHost engine) => new(engine.Integration.Environment, "acme", "", "user-1", ConnectionKey.DefaultPurpose, "");
}
