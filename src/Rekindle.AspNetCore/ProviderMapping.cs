using System.Globalization;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>A catalogue entry as the wire has it.</summary>
internal static class ProviderMapping
{
    public static Wire.Provider Of(ProviderDefinition p) => new()
    {
        Key = p.Key,
        DisplayName = p.DisplayName,
        Version = p.Version,
        VerifiedOn = p.VerifiedOn,
        Note = p.Note,
        ClientAuthentication = Names.Of(p.Requests.ClientAuthentication),
        RefreshKind = Names.Of(p.Requests.RefreshKind),
        Variables = [.. p.Variables.Select(Of)],
        DefaultScopes = p.DefaultScopes,
        Facts = Facts(p.Lifecycle).Where(f => f.Fact is not null).ToDictionary(f => f.Name, f => f.Fact!),
        Links = Links(p.Links).Where(l => l.Address is not null).ToDictionary(l => l.Name, l => l.Address!),
    };

    private static Wire.ProviderVariable Of(ProviderVariable v) => new()
    {
        Name = v.Name,
        Title = v.Title,
        Source = Names.Of(v.Source),
        Kind = Names.Of(v.Kind),
        Values = [.. v.Values.Keys],
        Default = v.Default,
        Required = v is { Default: null, Optional: false },
    };

    private static IEnumerable<(string Name, Wire.ProviderFact? Fact)> Facts(ProviderLifecycle l) =>
    [
        ("access_token_lifetime", Of(l.AccessTokenLifetime, Seconds)),
        ("access_token_immortal", Of(l.AccessTokenImmortal, Flag)),
        ("refresh_token_inactivity", Of(l.RefreshTokenInactivity, Seconds)),
        ("refresh_token_absolute", Of(l.RefreshTokenAbsolute, Seconds)),
        ("refresh_extends_absolute", Of(l.RefreshExtendsAbsolute, Flag)),
        ("rotation", Of(l.Rotation, Names.Of)),
        ("reuse", Of(l.Reuse, r => r.Grace is { } grace ? $"{Names.Of(r.Kind)} {Seconds(grace)}" : Names.Of(r.Kind))),
        ("refresh_kills_access_token", Of(l.RefreshKillsAccessToken, Flag)),
        ("earliest_refresh", Of(l.EarliestRefresh, Seconds)),
        ("minimum_interval", Of(l.MinimumInterval, Seconds)),
        ("throttle_scope", Of(l.ThrottleScope, Names.Of)),
        ("revocation_scope", Of(l.RevocationScope, Names.Of)),
        ("grants_per_user_and_client", Of(l.GrantsPerUserAndClient, n => n.ToString(CultureInfo.InvariantCulture))),
        ("rate", Of(l.Rate, r => string.Create(CultureInfo.InvariantCulture, $"{r.Requests} per {Seconds(r.Window)}"))),
    ];

    private static IEnumerable<(string Name, string? Address)> Links(ProviderLinks l) =>
        [("status", l.Status), ("support", l.Support), ("app_console", l.AppConsole), ("documentation", l.Documentation)];

    private static Wire.ProviderFact? Of<T>(Fact<T>? fact, Func<T, string> text) =>
        fact is null ? null : new(text(fact.Value), Names.Of(fact.Confidence), fact.Date, fact.Source);

    private static string Flag(bool value) => value ? "true" : "false";

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0}");
}
