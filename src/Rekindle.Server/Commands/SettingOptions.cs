using System.CommandLine;

namespace Rekindle.Server.Commands;

/// <summary>The options that every verb has.</summary>
internal sealed class SettingOptions
{
    private readonly Option<string?> _config = new("--config")
    {
        Description = "A settings file to read besides appsettings.json",
        HelpName = "file",
        Recursive = true,
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "One setting, such as Listen=http://0.0.0.0:8420; may be given several times",
        HelpName = "name=value",
        Recursive = true,
    };

    public SettingOptions() => _set.Validators.Add(result =>
    {
        foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
        {
            result.AddError($"--set {token.Value}: write name=value, such as Listen=http://0.0.0.0:8420.");
        }
    });

    public void AddTo(Command command)
    {
        command.Options.Add(_config);
        command.Options.Add(_set);
    }

    public ServerArguments Of(ParseResult parsed) => new(
        parsed.GetValue(_config),
        [.. (parsed.GetValue(_set) ?? []).Select(text => text.Split('=', 2)).Select(parts => KeyValuePair.Create(parts[0], (string?)parts[1]))]);
}
