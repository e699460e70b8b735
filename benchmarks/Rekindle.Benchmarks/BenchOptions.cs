namespace Rekindle.Benchmarks;

/// <summary>Sizes of a run.</summary>
/// <param name="Quick">Smaller and shorter, for a look.</param>
/// <param name="ClaimTo">Connections stored in the largest claim measurement; null: 1,000,000, quick 100,000.</param>
/// <param name="MemoryMinutes">Minutes of work before memory is read; null: one, quick a third.</param>
/// <param name="WindowSeconds">Length of one measured window; null: 6, quick 3.</param>
internal sealed record BenchOptions(bool Quick, int? ClaimTo, double? MemoryMinutes, double? WindowSeconds)
{
    /// <summary>Connections stored for what is measured "with a million".</summary>
    public int Stored => Quick ? 400_000 : 1_000_000;

    /// <summary>Rounds of A/B.</summary>
    public int Rounds => Quick ? 2 : 3;

    /// <summary>Length of one measured window.</summary>
    public TimeSpan Window => TimeSpan.FromSeconds(WindowSeconds ?? (Quick ? 3 : 6));
}
