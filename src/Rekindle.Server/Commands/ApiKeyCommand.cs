using System.CommandLine;
using Rekindle.ApiKeys;
using Rekindle.Hosting;
using Rekindle.Storage;

namespace Rekindle.Server.Commands;

/// <summary><c>api-key</c>: a key made on the machine itself, for another environment or when all keys were lost.</summary>
internal sealed class ApiKeyCommand : Command
{
    private readonly Option<string?> _environment = new("--environment") { Description = "Environment the key is for; default: the setting DefaultEnvironment", HelpName = "name" };
    private readonly Option<string> _name = new("--name") { Description = "Name for people", HelpName = "text", DefaultValueFactory = _ => "made on the server" };

    private readonly Option<string[]> _scopes = new("--scope")
    {
        Description = $"What it may do, several times if needed; default admin. One of: {string.Join(", ", ApiScopes.All)}",
        HelpName = "scope",
    };

    public ApiKeyCommand(SettingOptions settings)
        : base("api-key", "Make an API key and print it once: for another environment, or when all keys were lost")
    {
        _scopes.AcceptOnlyFromAmong([.. ApiScopes.All]);
        Options.Add(_environment);
        Options.Add(_name);
        Options.Add(_scopes);
        SetAction((parsed, cancelled) =>
        {
            var scopes = parsed.GetValue(_scopes) is { Length: > 0 } given ? given : [ApiScopes.Admin];
            return RunAsync(settings.Of(parsed), parsed.GetValue(_environment), new NewApiKey(parsed.GetValue(_name)!, scopes, [], [], null), cancelled);
        });
    }

    private static Task<int> RunAsync(ServerArguments arguments, string? environment, NewApiKey wish, CancellationToken cancellationToken) => Failures.CatchAsync(async () =>
    {
        await using var app = ServerApp.BuildForVerb(arguments);
        if (!await IsSetUpAsync(app.Services.GetRequiredService<IDatabase>(), cancellationToken))
        {
            throw new SettingsException(["The database is not set up: run rekindle-server init, or rekindle-server migrate."]);
        }

        var named = environment ?? app.Services.GetRequiredService<RekindleOptions>().DefaultEnvironment;
        var (stored, key) = await app.Services.GetRequiredService<ApiKeyIssuer>().MintLocallyAsync(wish, named, cancellationToken);
        await Console.Error.WriteLineAsync($"Key {stored.Id} for environment {named}: {string.Join(' ', stored.Scopes)}. It is shown this once.");
        Console.WriteLine(key.Reveal());
        return 0;
    });

    private static async Task<bool> IsSetUpAsync(IDatabase database, CancellationToken cancellationToken)
    {
        try
        {
            return (await database.PendingAsync(cancellationToken)).Count == 0;
        }
        catch (StoreException e) when (!e.IsTransient)
        {
            throw new SettingsException([e.Message, "If it was never set up: run rekindle-server init."]);
        }
    }
}
