namespace Rekindle.Stores.Tests.Postgres;

/// <summary>Tests whose figures would tell of their neighbours' work on the same server.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone on the server";
}
