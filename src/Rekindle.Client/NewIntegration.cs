namespace Rekindle.Client;

/// <summary>What an operator says about an integration. In a change, absent fields stay as they are.</summary>
public record IntegrationFields
{
    /// <summary>Name shown to people; absent: the provider's.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Client id; empty: from the server's configuration.</summary>
    public string? ClientId { get; init; }

    /// <summary>Client secret; empty takes it away.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>PEM private key for signed client authentication; empty takes it away.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>When the client secret ends: to be warned in time.</summary>
    public DateTimeOffset? SecretExpiresAt { get; init; }

    /// <summary>Scopes asked for when a purpose names none.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Purpose → its scopes.</summary>
    public IReadOnlyDictionary<string, Purpose>? Purposes { get; init; }

    /// <summary>Values of the provider's URL variables (tenant, host).</summary>
    public IReadOnlyDictionary<string, string>? Variables { get; init; }

    /// <summary>Where a finished connect flow may return to: origins or exact addresses.</summary>
    public IReadOnlyList<string>? AllowedReturnUrls { get; init; }

    /// <summary>Questions on the connect form; the answers become metadata of the connection.</summary>
    public IReadOnlyList<ConnectField>? ConnectFields { get; init; }

    /// <summary>How its connections are treated.</summary>
    public IntegrationPolicy? Policy { get; init; }

    /// <summary>A redaction: never the secrets.</summary>
    public override string ToString() => $"<fields of an integration, client {ClientId}>";
}

/// <summary>An integration to be made.</summary>
public sealed record NewIntegration : IntegrationFields
{
    /// <summary>Key within the environment: lower-case letters, digits and dashes.</summary>
    public required string Key { get; init; }

    /// <summary>Key of the catalogue entry.</summary>
    public required string Provider { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"<new integration {Key} at {Provider}>";
}

/// <summary>Changes to an integration. Absent fields stay as they are.</summary>
public sealed record PatchIntegration : IntegrationFields
{
    /// <inheritdoc/>
    public override string ToString() => base.ToString();
}

/// <summary>A pause of an integration.</summary>
public sealed record PauseIntegration
{
    /// <summary>Why, for other operators.</summary>
    public string? Reason { get; init; }
}

/// <summary>Recovery mode of an integration.</summary>
public sealed record RecoverIntegration
{
    /// <summary>How long; default 3600, at most 7200, 0 ends it.</summary>
    public int? Seconds { get; init; }
}
