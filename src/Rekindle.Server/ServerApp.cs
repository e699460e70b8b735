using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Rekindle.Server.Telemetry;

namespace Rekindle.Server;

/// <summary>The server as an application: what <c>rekindle-server serve</c> runs.</summary>
public static class ServerApp
{
    /// <summary>Reads the settings and composes the server. Nothing is opened before it starts.</summary>
    /// <param name="arguments">Settings of the command line.</param>
    /// <param name="configure">Changes for a host of its own: a clock, loggers.</param>
    /// <exception cref="SettingsException">Settings are unknown or wrong.</exception>
    public static WebApplication Build(ServerArguments arguments, Action<WebApplicationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var builder = WebApplication.CreateSlimBuilder();
        ServerConfiguration.AddSources(builder.Configuration, arguments);
        var settings = ServerConfiguration.Read(builder.Configuration);
        AddLogging(builder);
        AddRekindle(builder, settings);
        builder.WebHost.UseKestrelHttpsConfiguration().UseUrls(settings.Listen).ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        configure?.Invoke(builder);

        var app = builder.Build();
        TrustedProxies.Use(app, settings.TrustedProxies);
        app.MapRekindleApi();
        app.UseRekindleProblems();
        return app;
    }

    /// <summary>The same for a verb whose result goes to standard output, and to scripts: what is logged goes to standard error.</summary>
    internal static WebApplication BuildForVerb(ServerArguments arguments) => Build(
        arguments, builder => builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));

    private static void AddRekindle(WebApplicationBuilder builder, ServerSettings settings)
    {
        var section = builder.Configuration.GetSection(ServerConfiguration.Section);
        builder.Services.AddSingleton(Options.Create(settings));
        var rekindle = builder.Services.AddRekindle(options => section.Bind(options));
        switch (settings.Store)
        {
            case StoreKind.Sqlite:
                rekindle.UseSqlite(options => (options.Path, options.BusyTimeout) = (settings.Sqlite.Path, settings.Sqlite.BusyTimeout));
                break;
            case StoreKind.Postgres:
                rekindle.UsePostgres(options => (options.ConnectionString, options.ThroughPooler) = (settings.Postgres.ConnectionString, settings.Postgres.ThroughPooler));
                break;
        }

        builder.Services.AddRekindleApi();
        builder.Services.AddSingleton(settings.Otlp);
        builder.Services.AddHostedService<OtlpExport>();
        builder.Services.AddHostedService<Tidying>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(90));
    }

    private static void AddLogging(WebApplicationBuilder builder)
    {
        builder.Logging.AddSimpleConsole();
        builder.Services.Configure<SimpleConsoleFormatterOptions>(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });

        // The host's own request log prints paths and queries: links, codes, states, ids of people (I13). No setting turns it
        // on. What stops the start is said in words by the verb, not as a stack trace.
        builder.Services.PostConfigure<LoggerFilterOptions>(static filters =>
        {
            foreach (var rule in filters.Rules.Where(r => r.CategoryName?.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) == true).ToArray())
            {
                filters.Rules.Remove(rule);
            }

            filters.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore", LogLevel.Warning, null));
            filters.Rules.Add(new LoggerFilterRule(null, "Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None, null));
        });
    }
}
