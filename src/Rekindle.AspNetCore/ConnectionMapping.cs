using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>A connection as the wire has it: everything but its tokens.</summary>
internal static class ConnectionMapping
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);

    public static Wire.Connection Of(ConnectionSnapshot snapshot, IntegrationEntry? entry, DateTimeOffset now)
    {
        var c = snapshot.Connection;
        return new Wire.Connection
        {
            Id = c.Id.ToString(),
            Integration = c.Key.Integration,
            Tenant = c.Key.Tenant,
            Subject = c.Key.Subject,
            Purpose = c.Key.Purpose,
            Account = c.Key.Account,
            Status = Names.Of(c.Status),
            DisconnectReason = c.DisconnectReason is { } reason ? Names.Of(reason) : null,
            WhoActs = ConnectionDiagnosis.WhoActs(c, entry, now) is { } who ? Names.Of(who) : null,
            ExpiringSoon = c.Status == ConnectionStatus.Active && snapshot.Tokens?.ExpiresAt <= now + Soon,
            InBackoff = c.NextRetryAt > now,
            InDoubt = (snapshot.InDoubtSince is not null && c.Status != ConnectionStatus.NeedsReauthorization) || snapshot.LeaseUntil <= now,
            LeftOut = snapshot.IsLeftOut,
            NeverRefreshed = c.LastRefreshedAt is null,
            ProviderAccountId = c.ProviderAccountId,
            ProviderAccountName = c.ProviderAccountName,
            Label = c.Label,
            Metadata = c.Metadata,
            Variables = c.Variables,
            Simulation = c.Simulation is { } s ? new(Names.Of(s.Kind), s.Count, s.StartedAt) : null,
            Token = snapshot.Tokens is { } tokens ? Of(tokens) : null,
            DueAt = snapshot.DueAt,
            LeaseUntil = snapshot.LeaseUntil,
            ConsecutiveFailures = c.ConsecutiveFailures,
            ConsecutiveTransientFailures = c.ConsecutiveTransientFailures,
            NextRetryAt = c.NextRetryAt,
            LastRefreshError = c.LastRefreshError,
            LastFailureAt = c.LastFailureAt,
            DegradedAt = c.DegradedAt,
            LastRefreshedAt = c.LastRefreshedAt,
            LastUsedAt = c.LastUsedAt,
            CreatedAt = c.CreatedAt,
            UpdatedAt = c.UpdatedAt,
        };
    }

    private static Wire.TokenFacts Of(TokenSet tokens) => new()
    {
        GrantNo = tokens.GrantNo,
        Version = tokens.Version,
        ExpiresAt = tokens.ExpiresAt,
        ExpirySource = Names.Of(tokens.ExpirySource),
        HasRefreshToken = tokens.RefreshToken is not null,
        RefreshTokenExpiresAt = tokens.RefreshTokenExpiresAt,
        Scope = string.Join(' ', tokens.Scopes),
        GrantedAt = tokens.GrantedAt,
    };
}
