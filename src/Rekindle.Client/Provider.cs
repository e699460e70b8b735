namespace Rekindle.Client;

/// <summary>An entry of the catalogue: how one authorization server behaves.</summary>
public sealed record Provider
{
    /// <summary>Stable key: <c>google</c>, <c>ebay-sandbox</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Version of the entry.</summary>
    public int Version { get; init; }

    /// <summary>When its facts were last checked as a whole.</summary>
    public DateOnly? VerifiedOn { get; init; }

    /// <summary>One plain sentence to know before using it.</summary>
    public string? Note { get; init; }

    /// <summary>How the client proves itself: <c>post</c>, <c>basic</c>, <c>private_key_jwt</c>, ….</summary>
    public required string ClientAuthentication { get; init; }

    /// <summary>What a refresh is: <c>refresh_token</c>, <c>access_token</c> or <c>none</c>.</summary>
    public required string RefreshKind { get; init; }

    /// <summary>Values it needs beside client id and secret.</summary>
    public IReadOnlyList<ProviderVariable> Variables { get; init; } = [];

    /// <summary>Scopes asked for when an integration names none.</summary>
    public IReadOnlyList<string> DefaultScopes { get; init; } = [];

    /// <summary>What is known about lifetimes, rotation, reuse and limits, by name; unknown facts are absent.</summary>
    public IReadOnlyDictionary<string, ProviderFact> Facts { get; init; } = new Dictionary<string, ProviderFact>();

    /// <summary>Addresses for people: <c>status</c>, <c>support</c>, <c>app_console</c>, <c>documentation</c>.</summary>
    public IReadOnlyDictionary<string, string> Links { get; init; } = new Dictionary<string, string>();
}

/// <summary>A value that a provider's addresses need.</summary>
public sealed record ProviderVariable
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Label for people.</summary>
    public string? Title { get; init; }

    /// <summary>Who gives it: <c>integration</c>, <c>connection</c>, <c>callback</c>, <c>token_answer</c> or <c>client</c>.</summary>
    public required string Source { get; init; }

    /// <summary>What it may look like: <c>dns_label</c>, <c>path_segment</c>, <c>host</c> or <c>url</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Allowed values; empty: see <see cref="Kind"/>.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>Value used when none is given.</summary>
    public string? Default { get; init; }

    /// <summary>Whether it must be given.</summary>
    public bool Required { get; init; }
}

/// <summary>A statement about a provider's behaviour.</summary>
/// <param name="Value">The statement; durations in seconds.</param>
/// <param name="Confidence"><c>confirmed</c>, <c>reported</c> or <c>assumed</c>.</param>
/// <param name="Date">When it was last checked.</param>
/// <param name="Source">Page or issue that says so.</param>
public sealed record ProviderFact(string Value, string Confidence, DateOnly? Date, string? Source);
