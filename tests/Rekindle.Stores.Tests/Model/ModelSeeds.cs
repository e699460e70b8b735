using System.Globalization;

namespace Rekindle.Stores.Tests.Model;

/// <summary>Which orders the model test tries: <c>MODEL_SEED=n</c> one, <c>MODEL_SEEDS=n</c> that many.</summary>
public static class ModelSeeds
{
    private const int ByDefault = 12;

    public static TheoryData<int> All => [.. Number("MODEL_SEED") is { } one ? [one] : Enumerable.Range(1, Number("MODEL_SEEDS") ?? ByDefault)];

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
