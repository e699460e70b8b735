using System.Collections;
using System.Text.RegularExpressions;
using Rekindle.Hosting;

namespace Rekindle.Server;

/// <summary>
/// Where settings come from, later ones winning: <c>appsettings.json</c>, a file named by <c>--config</c>, variables that begin
/// with <c>REKINDLE_</c>, <c>--set</c>. All of ours stand in the section <c>Rekindle</c>.
/// </summary>
internal static partial class ServerConfiguration
{
    public const string Section = "Rekindle";
    private const string Prefix = "REKINDLE_";

    /// <summary>Sections of the framework's that a settings file may have beside ours.</summary>
    private static readonly string[] Others = ["Logging", "Kestrel", "AllowedHosts", "$schema"];

    /// <summary>Adds our sources to those of the host.</summary>
    public static void AddSources(ConfigurationManager configuration, ServerArguments arguments)
    {
        if (arguments.ConfigFile is { } file)
        {
            if (!File.Exists(file))
            {
                throw new SettingsException([$"--config: there is no file {file}."]);
            }

            configuration.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        }

        configuration.AddInMemoryCollection(FromEnvironment(Environment.GetEnvironmentVariables()));
        configuration.AddInMemoryCollection(arguments.Settings.Select(s => KeyValuePair.Create($"{Section}:{s.Key}", s.Value)));
    }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">Some are unknown or wrong; all are listed.</exception>
    public static ServerSettings Read(ConfigurationManager configuration)
    {
        var section = configuration.GetSection(Section);
        var mistakes = new List<string>();
        CheckFiles(configuration, mistakes);
        SettingsCheck.Check(section, [typeof(RekindleOptions), typeof(ServerSettings)], mistakes);
        if (mistakes.Count > 0)
        {
            throw new SettingsException(mistakes);
        }

        var settings = section.Get<ServerSettings>() ?? new ServerSettings();
        mistakes.AddRange(settings.Otlp.Mistakes());
        mistakes.AddRange(TrustedProxies.Mistakes(settings.TrustedProxies));
        return mistakes.Count == 0 ? settings : throw new SettingsException(mistakes);
    }

    /// <summary><c>REKINDLE_REFRESH__HEARTBEAT_INTERVAL</c> is <c>Rekindle:Refresh:HeartbeatInterval</c>: two underscores separate, one is for the eye.</summary>
    internal static IEnumerable<KeyValuePair<string, string?>> FromEnvironment(IDictionary variables) =>
        from DictionaryEntry variable in variables
        let name = (string)variable.Key
        where name.StartsWith(Prefix, StringComparison.Ordinal) && name.Length > Prefix.Length && !ServiceLink.IsMatch(name)
        let path = name[Prefix.Length..].Split("__").Select(part => part.Replace("_", "", StringComparison.Ordinal))
        select KeyValuePair.Create($"{Section}:{string.Join(':', path)}", (string?)variable.Value);

    // Kubernetes tells every container the addresses of its services: one that is called rekindle appears under our prefix.
    [GeneratedRegex(@"\AREKINDLE_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP)(_.*)?)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceLink { get; }

    private static void CheckFiles(ConfigurationManager configuration, List<string> mistakes)
    {
        foreach (var provider in ((IConfigurationRoot)configuration).Providers.OfType<Microsoft.Extensions.Configuration.Json.JsonConfigurationProvider>())
        {
            mistakes.AddRange(provider.GetChildKeys([], null).Distinct(StringComparer.OrdinalIgnoreCase)
                .Where(key => !key.Equals(Section, StringComparison.OrdinalIgnoreCase) && !Others.Contains(key, StringComparer.OrdinalIgnoreCase))
                .Select(key => $"{provider.Source.Path}: '{key}' is not a section of this program. Its settings stand in '{Section}'."));
        }
    }
}

/// <summary>Settings given on the command line.</summary>
/// <param name="ConfigFile">A settings file to read besides <c>appsettings.json</c>.</param>
/// <param name="Settings">Single settings, names as in the section <c>Rekindle</c>.</param>
public sealed record ServerArguments(string? ConfigFile, IReadOnlyList<KeyValuePair<string, string?>> Settings)
{
    /// <summary>None.</summary>
    public static ServerArguments None { get; } = new(null, []);
}
