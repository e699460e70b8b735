using System.CommandLine;
using Rekindle.ApiKeys;
using Rekindle.Encryption;
using Rekindle.Hosting;
using Rekindle.Storage;

namespace Rekindle.Server.Commands;

/// <summary>
/// <c>init</c>: database, key ring and a first API key. Nothing that exists is overwritten: a key ring that is there is used,
/// a database that was sealed with another ring, or that has an API key already, is refused.
/// </summary>
internal sealed class InitCommand : Command
{
    private readonly Option<string?> _environment = new("--environment")
    {
        Description = "Environment of the first key; default: the setting DefaultEnvironment (production)",
        HelpName = "name",
    };

    public InitCommand(SettingOptions settings)
        : base("init", "Make the database, the key ring and a first API key, which is printed once")
    {
        Options.Add(_environment);
        SetAction((parsed, cancelled) => RunAsync(settings.Of(parsed), parsed.GetValue(_environment), cancelled));
    }

    private static Task<int> RunAsync(ServerArguments arguments, string? environment, CancellationToken cancellationToken) => Failures.CatchAsync(async () =>
    {
        await using var app = ServerApp.BuildForVerb(arguments);
        var options = app.Services.GetRequiredService<RekindleOptions>();
        var database = app.Services.GetRequiredService<IDatabase>();
        await database.MigrateAsync(cancellationToken);
        if (await app.Services.GetRequiredService<IApiKeyStore>().AnyAsync(cancellationToken))
        {
            throw new SettingsException([
                $"{database.Description} has API keys already: nothing was changed. Another key: rekindle-server api-key. Another deployment: name another database."]);
        }

        var ringMade = await EnsureKeyRingAsync(options, database, app.Services.GetRequiredService<TimeProvider>(), cancellationToken);
        var key = await MintAsync(app.Services, environment ?? options.DefaultEnvironment, cancellationToken);

        // The key alone goes to standard output: KEY=$(rekindle-server init) works.
        await Console.Error.WriteLineAsync(
            $"""
             Database  {database.Description}
             Key ring  {DescribeRing(options, ringMade)}
                       Whoever has it and the database can read every token; without it nobody can. Keep a copy apart from the
                       database's backups.
             API key   below, for environment {environment ?? options.DefaultEnvironment}, scope admin. It is shown this once.

             """);
        Console.WriteLine(key.Reveal());
        return 0;
    });

    private static async Task<bool> EnsureKeyRingAsync(RekindleOptions options, IDatabase database, TimeProvider time, CancellationToken cancellationToken)
    {
        var made = string.IsNullOrEmpty(options.KeyRing) && !File.Exists(options.KeyRingFile);
        if (made)
        {
            var sealedWith = await database.ReadKeyChecksAsync(cancellationToken);
            if (sealedWith.Count > 0)
            {
                throw new SettingsException([
                    $"{database.Description} was sealed with key {string.Join(", ", sealedWith.Keys)}, and there is no key ring at {options.KeyRingFile}. Name the ring it was used with; a new one could open nothing."]);
            }

            KeyRingFile.Create(options.KeyRingFile, time.GetUtcNow());
        }

        return made;
    }

    private static async Task<Secret> MintAsync(IServiceProvider services, string environment, CancellationToken cancellationToken)
    {
        // Resolved now and not before: it opens the key ring, which must be there.
        var ring = services.GetRequiredService<KeyRing>();
        var database = services.GetRequiredService<IDatabase>();
        foreach (var key in ring.Keys)
        {
            await database.AddKeyCheckAsync(key.Id, Convert.FromHexString(key.CheckValue), services.GetRequiredService<TimeProvider>().GetUtcNow(), cancellationToken);
        }

        var first = new NewApiKey("first key", [ApiScopes.Admin], [], [], null);
        return (await services.GetRequiredService<ApiKeyIssuer>().MintLocallyAsync(first, environment, cancellationToken)).Key;
    }

    private static string DescribeRing(RekindleOptions options, bool made) =>
        !string.IsNullOrEmpty(options.KeyRing) ? "given by the setting KeyRing"
        : $"{Path.GetFullPath(options.KeyRingFile)} ({(made ? "made, mode 0600" : "was there and is used")})";
}
