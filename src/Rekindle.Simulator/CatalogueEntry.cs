using System.Globalization;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator;

/// <summary>
/// A provider's catalogue entry for a simulated server, to be put into a catalogue's override folder: the server then is
/// a provider like any other. It states as confirmed what the personality really does.
/// </summary>
public static class CatalogueEntry
{
    /// <summary>The entry as YAML; its key is the server's name with <c>sim-</c> before it.</summary>
    public static string Of(AuthorizationServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        var p = server.Personality;
        var rules = p.RefreshTokens;
        return $"""
            key: {KeyOf(server)}
            display_name: Simulated {server.Name}
            version: 1
            endpoints:
              authorize: {server.AuthorizeEndpoint}
              token: {server.TokenEndpoint}
              refresh: {server.RefreshEndpoint}
              revoke: {server.RevokeEndpoint}
            lifecycle:
              rotation: {Fact(rules.RotateEvery switch { 0 => "never", 1 => "always", _ => "sometimes" })}
              reuse: {Reuse(rules)}
              throttle_scope: {Fact("connection")}
              revocation_scope: {Fact("connection")}
              grants_per_user_and_client: {(p.GrantsPerUserAndClient is { } most ? Fact(most.ToString(CultureInfo.InvariantCulture)) : "~")}
            identity:
              source: request
              url: {server.UserInfoEndpoint}
              path: sub
            {Answers(p.Answer)}
            """;
    }

    /// <summary>Key of the entry.</summary>
    public static string KeyOf(AuthorizationServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return $"sim-{server.Name}";
    }

    /// <summary>Writes one file per server.</summary>
    public static void WriteAll(SimulatorHost simulator, string folder)
    {
        ArgumentNullException.ThrowIfNull(simulator);
        Directory.CreateDirectory(folder);
        foreach (var server in simulator.Servers.Values)
        {
            File.WriteAllText(Path.Combine(folder, $"{KeyOf(server)}.yaml"), Of(server));
        }
    }

    private static string Reuse(RefreshTokenRules rules)
    {
        var value = rules switch
        {
            { RotateEvery: 0 } or { Superseded: Superseded.StaysValid } => "reusable",
            { Superseded: Superseded.Grace } => "grace",
            { Superseded: Superseded.UntilSuccessorUsed } => "until_successor_used",
            _ => "strict",
        };
        return value is "grace" or "until_successor_used"
            ? Fact(value, $"duration: {(rules.Grace > TimeSpan.Zero ? rules.Grace : TimeSpan.FromDays(30)).TotalSeconds.ToString(CultureInfo.InvariantCulture)}s")
            : Fact(value);
    }

    private static string Fact(string value, string? more = null) =>
        $"{{ value: {value}, {(more is null ? "" : more + ", ")}confidence: confirmed, date: 2026-11-21, source: the simulator itself }}";

    private static string Answers(AnswerShape shape)
    {
        var prefix = shape.Envelope is { } envelope ? $"{envelope}." : "";
        return $"""
            response:
              access_token: [{prefix}{shape.AccessTokenField}]
              refresh_token: [{prefix}{shape.RefreshTokenField}]
              expiry: [{prefix}{shape.ExpiryField}]
            """;
    }
}
