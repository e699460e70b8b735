using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rekindle.Hosting;
using Rekindle.Providers;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Engine;

/// <summary>What an <see cref="EngineHost"/> is made of; the defaults are a manual clock, SQLite and a strictly rotating provider.</summary>
internal sealed record EngineSettings
{
    /// <summary>A provider that rotates every time and takes a repetition for theft.</summary>
    public static readonly Personality Strict = new() { RefreshTokens = new() { RotateEvery = 1, ReuseEndsGrant = true } };

    /// <summary>Verdicts count at once: for tests that are not about their publication.</summary>
    public static readonly IntegrationPolicy AtOnce = new() { ConfirmationDelay = TimeSpan.Zero };

    public Personality Personality { get; init; } = Strict;

    public string Environment { get; init; } = "production";

    public TimeProvider? Time { get; init; }

    /// <summary>A simulator shared with others; null: one of its own.</summary>
    public SimulatorHost? Simulator { get; init; }

    /// <summary>A folder shared with others (keys, SQLite file); null: one of its own.</summary>
    public string? Folder { get; init; }

    public Action<RekindleBuilder, string> Store { get; init; } = (builder, folder) => builder.UseSqlite(Path.Combine(folder, "rekindle.db"));

    public IntegrationPolicy? Policy { get; init; }

    public Action<RekindleOptions>? Configure { get; init; }

    /// <summary>Whether the worker runs by itself; otherwise the test beats.</summary>
    public bool Worker { get; init; }

    public ILoggerProvider? Logs { get; init; }
}

/// <summary>An import as a test wants it changed.</summary>
internal sealed class ImportedGrantDraft
{
    public string? AccessToken { get; set; }

    public string? RefreshToken { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public string Tenant { get; set; } = "";

    public string Purpose { get; set; } = "default";

    public string Account { get; set; } = "";

    public IReadOnlyDictionary<string, string>? Metadata { get; set; }

    public bool Replace { get; set; }

    public bool Standby { get; set; }
}
