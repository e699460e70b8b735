using Rekindle.Simulator;

namespace Rekindle.Server.Tests.Connect;

/// <summary>The simulator's own catalogue entry with some sections changed, as an operator's override folder could hold it.</summary>
internal static class EntryYaml
{
    /// <summary>Lines into a section; a section that is not there is added.</summary>
    public static string With(this string entry, string section, params string[] lines)
    {
        var text = string.Concat(lines.Select(line => $"  {line}\n"));
        var head = $"\n{section}:\n";
        return entry.Contains(head, StringComparison.Ordinal)
            ? entry.Replace(head, head + text, StringComparison.Ordinal)
            : $"{entry.TrimEnd()}{head}{text}";
    }

    /// <summary>A section as it is to be instead.</summary>
    public static string Instead(this string entry, string section, params string[] lines)
    {
        var start = entry.IndexOf($"\n{section}:\n", StringComparison.Ordinal) + 1;
        var end = start + section.Length + 2;
        while (end < entry.Length && entry[end] == ' ')
        {
            end = entry.IndexOf('\n', end) is var next and >= 0 ? next + 1 : entry.Length;
        }

        return entry.Remove(start, end - start).With(section, lines);
    }

    /// <summary>Names its issuer, in the callback too, and tells whose account it is by ID token.</summary>
    public static string OpenId(AuthorizationServer server) => CatalogueEntry.Of(server)
        .With("endpoints", $"issuer: {server.Issuer}")
        .With("requests", "callback_issuer: true")
        .Instead("identity", "source: id_token", "path: sub", "name_path: email");

    /// <summary>Its revocation ends the one token that is sent, and nothing else.</summary>
    public static string RevokesOneToken(AuthorizationServer server) => CatalogueEntry.Of(server).Replace(
        "revocation_scope: { value: connection,", "revocation_scope: { value: token,", StringComparison.Ordinal);
}
