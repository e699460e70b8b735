using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rekindle.Hosting;
using Rekindle.Sql;
using Rekindle.Sqlite;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps Rekindle's data in SQLite.</summary>
public static class SqliteRekindleBuilderExtensions
{
    /// <summary>Keeps everything in one SQLite file: for one machine. Several machines need PostgreSQL.</summary>
    /// <param name="builder">What <c>AddRekindle</c> returned.</param>
    /// <param name="configure">Sets where the file lies.</param>
    public static RekindleBuilder UseSqlite(this RekindleBuilder builder, Action<SqliteOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptionsWithValidateOnStart<SqliteOptions>().ValidateDataAnnotations().Configure(configure ?? (static _ => { }));
        StoreSet.Register(builder.Services, static services => SqliteStores.Create(
            services.GetRequiredService<IOptions<SqliteOptions>>().Value,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILoggerFactory>()));
        return builder;
    }

    /// <summary>Keeps everything in the SQLite file at <paramref name="path"/>.</summary>
    public static RekindleBuilder UseSqlite(this RekindleBuilder builder, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return builder.UseSqlite(options => options.Path = path);
    }
}
