using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rekindle.Hosting;
using Rekindle.Postgres;
using Rekindle.Sql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps Rekindle's data in PostgreSQL.</summary>
public static class PostgresRekindleBuilderExtensions
{
    /// <summary>Keeps everything in one PostgreSQL database, which any number of machines may share.</summary>
    /// <param name="builder">What <c>AddRekindle</c> returned.</param>
    /// <param name="configure">Sets which database.</param>
    public static RekindleBuilder UsePostgres(this RekindleBuilder builder, Action<PostgresOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.AddOptionsWithValidateOnStart<PostgresOptions>().ValidateDataAnnotations().Configure(configure);
        StoreSet.Register(builder.Services, static services => PostgresStores.Create(
            services.GetRequiredService<IOptions<PostgresOptions>>().Value,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILoggerFactory>()));
        return builder;
    }

    /// <summary>Keeps everything in the database of <paramref name="connectionString"/>.</summary>
    public static RekindleBuilder UsePostgres(this RekindleBuilder builder, string connectionString)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        return builder.UsePostgres(options => options.ConnectionString = connectionString);
    }
}
