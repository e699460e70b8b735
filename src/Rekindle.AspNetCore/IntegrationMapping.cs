using Rekindle.AspNetCore.Http;
using Rekindle.Connect;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>An integration as the wire has it, and back. Secrets go one way only.</summary>
internal static class IntegrationMapping
{
    private const int LongestSeconds = 30 * 86_400;
    private static readonly IReadOnlyDictionary<string, string> Empty = Connections.Connection.Empty;

    public static Wire.Integration Of(IntegrationEntry entry, DateTimeOffset now)
    {
        var i = entry.Integration;
        return new Wire.Integration
        {
            Key = i.Key,
            Provider = i.Provider,
            DisplayName = i.DisplayName,
            ClientId = i.ClientId,
            ClientSecretSet = i.ClientSecret is not null,
            PrivateKeySet = i.PrivateKey is not null,
            CredentialsFromConfiguration = (i.ClientId.Length == 0 && entry.Credentials.ClientId.Length > 0)
                || (i.ClientSecret is null && entry.Credentials.ClientSecret is not null) || (i.PrivateKey is null && entry.Credentials.PrivateKeyPem is not null),
            SecretExpiresAt = i.SecretExpiresAt,
            Scopes = i.Scopes,
            Purposes = i.Purposes.ToDictionary(p => p.Key, p => new Wire.Purpose { Scopes = p.Value.Scopes, Separate = p.Value.Separate }),
            Variables = i.Variables,
            AllowedReturnUrls = i.AllowedReturnUrls,
            ConnectFields = [.. i.ConnectFields.Select(Of)],
            Policy = Of(i.Policy),
            State = Names.Of(i.State),
            StateReason = i.StateReason,
            StateSince = i.StateSince,
            ThrottledUntil = i.ThrottledUntil > now ? i.ThrottledUntil : null,
            NextProbeAt = i.NextProbeAt,
            RecoveryUntil = i.Policy.RecoveryUntil > now ? i.Policy.RecoveryUntil : null,
            ConfigVersion = i.ConfigVersion,
            CreatedAt = i.CreatedAt,
            UpdatedAt = i.UpdatedAt,
        };
    }

    public static IntegrationDraft Read(Wire.IntegrationFields fields, Mistakes mistakes)
    {
        if (fields.Policy is { } policy)
        {
            CheckSeconds(policy, mistakes);
        }

        TextRules.CheckMap("variables", fields.Variables!, mistakes);
        foreach (var (name, purpose) in fields.Purposes ?? new Dictionary<string, Wire.Purpose>())
        {
            if (purpose is null)
            {
                mistakes.Add($"purposes.{name}", "must not be null.");
            }
        }

        CheckEntries("scopes", fields.Scopes, mistakes);
        CheckEntries("allowed_return_urls", fields.AllowedReturnUrls, mistakes);
        return new IntegrationDraft
        {
            DisplayName = fields.DisplayName,
            ClientId = fields.ClientId,
            ClientSecret = Secret.OrNull(fields.ClientSecret),
            RemovesClientSecret = fields.ClientSecret is "",
            PrivateKey = Secret.OrNull(fields.PrivateKey),
            RemovesPrivateKey = fields.PrivateKey is "",
            SecretExpiresAt = fields.SecretExpiresAt?.ToUniversalTime(),
            Scopes = fields.Scopes,
            Purposes = fields.Purposes?.Where(p => p.Value is not null).ToDictionary(p => p.Key, p => new PurposeRule(p.Value.Scopes, p.Value.Separate)),
            Variables = fields.Variables,
            AllowedReturnUrls = fields.AllowedReturnUrls,
            ConnectFields = fields.ConnectFields is { } asked ? [.. asked.Select((field, at) => Read(field, $"connect_fields[{at}]", mistakes))] : null,
            Policy = fields.Policy is { } wanted && !mistakes.Any ? present => Merged(present, wanted) : null,
        };
    }

    private static ConnectField Read(Wire.ConnectField field, string at, Mistakes mistakes)
    {
        var kind = ConnectFieldKind.Text;
        if (field.Kind is not null && !Names.TryParse(field.Kind, out kind))
        {
            mistakes.Add($"{at}.kind", $"must be one of: {string.Join(", ", Names.All<ConnectFieldKind>())}.");
        }

        foreach (var (value, label) in field.Choices ?? Empty)
        {
            if (label is null)
            {
                mistakes.Add($"{at}.choices.{(value.Length <= TextRules.MaxName ? value : value[..TextRules.MaxName] + "…")}", "must not be null.");
            }
        }

        return new ConnectField
        {
            Name = field.Name,
            Label = field.Label,
            Help = field.Help,
            Kind = kind,
            Required = field.Required,
            Default = field.Default,
            Choices = field.Choices ?? Empty,
            Min = field.Min,
            Max = field.Max,
        };
    }

    private static Wire.ConnectField Of(ConnectField field) => new()
    {
        Name = field.Name,
        Label = field.Label,
        Help = field.Help,
        Kind = Names.Of(field.Kind),
        Required = field.Required,
        Default = field.Default,
        Choices = field.Choices.Count > 0 ? field.Choices : null,
        Min = field.Min,
        Max = field.Max,
    };

    private static void CheckEntries(string field, IReadOnlyList<string>? entries, Mistakes mistakes)
    {
        if (entries?.Any(e => e is null) == true)
        {
            mistakes.Add(field, "must not contain null.");
        }
    }

    private static void CheckSeconds(Wire.IntegrationPolicy p, Mistakes mistakes)
    {
        foreach (var (name, value) in new[]
                 {
                     ("budget_window_seconds", p.BudgetWindowSeconds), ("backoff_base_seconds", p.BackoffBaseSeconds),
                     ("backoff_ceiling_seconds", p.BackoffCeilingSeconds), ("margin_seconds", p.MarginSeconds),
                     ("in_doubt_hold_seconds", p.InDoubtHoldSeconds), ("confirmation_delay_seconds", p.ConfirmationDelaySeconds), ("strike_spacing_seconds", p.StrikeSpacingSeconds),
                 })
        {
            if (value is < 0 or > LongestSeconds)
            {
                mistakes.Add($"policy.{name}", $"must be from 0 to {LongestSeconds}.");
            }
        }
    }

    private static IntegrationPolicy Merged(IntegrationPolicy p, Wire.IntegrationPolicy w) => p with
    {
        BudgetRequests = w.BudgetRequests ?? p.BudgetRequests,
        BudgetWindow = Time(w.BudgetWindowSeconds) ?? p.BudgetWindow,
        BudgetHard = w.BudgetHard ?? p.BudgetHard,
        Slots = w.Slots ?? p.Slots,
        BackoffBase = Time(w.BackoffBaseSeconds) ?? p.BackoffBase,
        BackoffCeiling = Time(w.BackoffCeilingSeconds) ?? p.BackoffCeiling,
        Margin = Time(w.MarginSeconds) ?? p.Margin,
        InDoubtHold = Time(w.InDoubtHoldSeconds) ?? p.InDoubtHold,
        ConfirmationDelay = Time(w.ConfirmationDelaySeconds) ?? p.ConfirmationDelay,
        GiveUpAfter = w.GiveUpAfter ?? p.GiveUpAfter,
        WarnAfter = w.WarnAfter ?? p.WarnAfter,
        DisconnectAfter = w.DisconnectAfter ?? p.DisconnectAfter,
        TransientNoteAfter = w.TransientNoteAfter ?? p.TransientNoteAfter,
        StrikeSpacing = Time(w.StrikeSpacingSeconds) ?? p.StrikeSpacing,
        AcceptWithoutRefreshToken = w.AcceptWithoutRefreshToken ?? p.AcceptWithoutRefreshToken,
        AcceptMissingScopes = w.AcceptMissingScopes ?? p.AcceptMissingScopes,
        AllowAccountChange = w.AllowAccountChange ?? p.AllowAccountChange,
    };

    private static Wire.IntegrationPolicy Of(IntegrationPolicy p) => new()
    {
        BudgetRequests = p.BudgetRequests,
        BudgetWindowSeconds = (int)p.BudgetWindow.TotalSeconds,
        BudgetHard = p.BudgetHard,
        Slots = p.Slots,
        BackoffBaseSeconds = (int)p.BackoffBase.TotalSeconds,
        BackoffCeilingSeconds = (int)p.BackoffCeiling.TotalSeconds,
        MarginSeconds = (int)p.Margin.TotalSeconds,
        InDoubtHoldSeconds = (int)p.InDoubtHold.TotalSeconds,
        ConfirmationDelaySeconds = (int)p.ConfirmationDelay.TotalSeconds,
        GiveUpAfter = p.GiveUpAfter,
        WarnAfter = p.WarnAfter,
        DisconnectAfter = p.DisconnectAfter,
        TransientNoteAfter = p.TransientNoteAfter,
        StrikeSpacingSeconds = (int)p.StrikeSpacing.TotalSeconds,
        AcceptWithoutRefreshToken = p.AcceptWithoutRefreshToken,
        AcceptMissingScopes = p.AcceptMissingScopes,
        AllowAccountChange = p.AllowAccountChange,
    };

    private static TimeSpan? Time(int? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;
}
