using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Rekindle.Hosting;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A real store on disk some of whose calls fail, as a database's do.</summary>
public class FaultyStore<T> : DispatchProxy
    where T : class
{
    private T _inner = null!;
    private Func<MethodInfo, object?[], Exception?> _fails = (_, _) => null;

    /// <summary>SQLite, with the store of this kind failing where <paramref name="fails"/> gives an exception.</summary>
    internal static Action<RekindleBuilder, string> OnSqlite(Func<MethodInfo, object?[], Exception?> fails) => (builder, folder) =>
    {
        builder.UseSqlite(Path.Combine(folder, "rekindle.db"));
        var original = builder.Services.Last(d => d.ServiceType == typeof(T));
        builder.Services.Remove(original);
        builder.Services.AddSingleton(s =>
        {
            var proxy = Create<T, FaultyStore<T>>();
            var faulty = (FaultyStore<T>)(object)proxy;
            faulty._inner = (T)original.ImplementationFactory!(s);
            faulty._fails = fails;
            return proxy;
        });
    };

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _fails(targetMethod!, args!) is { } failure ? throw failure : targetMethod!.Invoke(_inner, args);
}
