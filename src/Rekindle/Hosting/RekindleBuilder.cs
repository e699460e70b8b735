using Microsoft.Extensions.DependencyInjection;

namespace Rekindle.Hosting;

/// <summary>What <c>AddRekindle</c> returns: the place where a store is chosen.</summary>
public sealed class RekindleBuilder
{
    internal RekindleBuilder(IServiceCollection services) => Services = services;

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }
}
