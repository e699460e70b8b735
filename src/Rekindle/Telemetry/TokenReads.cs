using Rekindle.Connections;

namespace Rekindle.Telemetry;

/// <summary>
/// Counts token reads without slowing them down: a stripe per handful of threads, each on its own cache line, added up when somebody looks.
/// No allocation and no shared line on the hot path, whether or not anybody listens.
/// </summary>
internal sealed class TokenReads
{
    private const int LineOfLongs = 16;

    private static readonly int Stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, Environment.ProcessorCount));

    private readonly long[] _atOnce = new long[(Stripes + 1) * LineOfLongs];
    private long _served;
    private long _stale;
    private long _refused;

    /// <summary>From memory, without looking further.</summary>
    public long AtOnce
    {
        get
        {
            var sum = 0L;
            for (var stripe = 0; stripe < Stripes; stripe++)
            {
                sum += Volatile.Read(ref _atOnce[(stripe + 1) * LineOfLongs]);
            }

            return sum;
        }
    }

    /// <summary>After a look into the store, or a refresh.</summary>
    public long Served => Volatile.Read(ref _served);

    /// <summary>From memory while the database is away.</summary>
    public long Stale => Volatile.Read(ref _stale);

    /// <summary>Not at all: the caller got a typed error.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public void CountAtOnce() => Interlocked.Increment(ref _atOnce[((Environment.CurrentManagedThreadId & (Stripes - 1)) + 1) * LineOfLongs]);

    public void Count(TokenResult result) => Interlocked.Increment(
        ref result.Token is null ? ref _refused
        : ref result.Warnings.HasFlag(TokenWarnings.Stale) ? ref _stale
        : ref _served);
}
