using System.Globalization;

namespace Rekindle.Benchmarks;

/// <summary>One measured value and what it has to reach; without a target it is said for comparison.</summary>
/// <param name="Name">Name: stable, so that runs can be compared.</param>
/// <param name="Value">What was measured.</param>
/// <param name="Unit">Unit of the value; empty: a ratio.</param>
/// <param name="Target">Bound; null: none.</param>
/// <param name="AtMost">Whether the value must not exceed the bound; else it must reach it.</param>
/// <param name="Detail">What the value was made of.</param>
internal sealed record Figure(string Name, double Value, string Unit, double? Target, bool AtMost, string Detail)
{
    public bool IsOk => Target is not { } target || (AtMost ? Value <= target : Value >= target);

    /// <summary>At most <paramref name="target"/>.</summary>
    public static Figure Most(string name, double value, double target, string unit, string detail) => new(name, value, unit, target, true, detail);

    /// <summary>At least <paramref name="target"/>.</summary>
    public static Figure Least(string name, double value, double target, string unit, string detail) => new(name, value, unit, target, false, detail);

    /// <summary>For comparison.</summary>
    public static Figure Plain(string name, double value, string unit, string detail) => new(name, value, unit, null, false, detail);

    public string ValueText => Format(Value) + Unit;

    public string TargetText => Target is { } target ? $"{(AtMost ? "<=" : ">=")}{Format(target)}{Unit}" : "-";

    public string Verdict => Target is null ? "-" : IsOk ? "ok" : "short";

    public override string ToString() => $"ratio {Name} {ValueText} {TargetText} {Verdict}";

    private static string Format(double value) => value.ToString(
        Math.Abs(value) switch { >= 1000 => "0", >= 100 => "0", >= 10 => "0.#", _ => "0.##" }, CultureInfo.InvariantCulture);
}
