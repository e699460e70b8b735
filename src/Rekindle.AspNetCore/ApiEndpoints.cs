using Microsoft.AspNetCore.Routing;
using Rekindle.AspNetCore.Connect;
using Rekindle.AspNetCore.Http;

namespace Rekindle.AspNetCore;

/// <summary>The API, one class per capability.</summary>
internal static class ApiEndpoints
{
    public static IReadOnlyList<(Type Type, Action<IEndpointRouteBuilder> Map)> All { get; } =
    [
        Of<ProviderEndpoints>(),
        Of<IntegrationEndpoints>(),
        Of<ConnectionEndpoints>(),
        Of<ConnectSessionEndpoints>(),
        Of<BatchEndpoints>(),
        Of<LeverEndpoints>(),
        Of<DependentEndpoints>(),
        Of<TokenEndpoints>(),
        Of<AttemptEndpoints>(),
        Of<OperationsEndpoints>(),
        Of<HeartbeatEndpoints>(),
        Of<RecordEndpoints>(),
        Of<ApiKeyEndpoints>(),
        Of<AlertEndpoints>(),
        Of<HealthEndpoints>(),
        Of<MetricsEndpoints>(),
    ];

    private static (Type, Action<IEndpointRouteBuilder>) Of<T>()
        where T : class, IApiEndpoints<T> =>
        (typeof(T), routes => T.Map(new ApiRoutes<T>(routes)));
}

/// <summary>The routes of one capability.</summary>
/// <typeparam name="T">The class itself.</typeparam>
internal interface IApiEndpoints<T>
    where T : class
{
    /// <summary>Maps them. Nothing is made yet: the class is resolved at the first request.</summary>
    static abstract void Map(ApiRoutes<T> routes);
}
