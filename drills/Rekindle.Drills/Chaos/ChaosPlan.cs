namespace Rekindle.Drills.Chaos;

/// <summary>When which fault strikes whom: the same seed, the same plan.</summary>
internal static class ChaosPlan
{
    // How often each comes, relative to the others.
    private static readonly (ChaosFaultKind Kind, int Weight)[] Weights =
    [
        (ChaosFaultKind.Kill, 5),
        (ChaosFaultKind.Stop, 2),
        (ChaosFaultKind.Pause, 2),
        (ChaosFaultKind.DatabaseFast, 1),
        (ChaosFaultKind.DatabaseImmediate, 1),
        (ChaosFaultKind.DatabaseKill, 1),
        (ChaosFaultKind.SessionKill, 1),
        (ChaosFaultKind.Partition, 2),
        (ChaosFaultKind.LostCommit, 4),
        (ChaosFaultKind.LostClaim, 2),
        (ChaosFaultKind.DiskFull, 1),
        (ChaosFaultKind.Outage, 1),
        (ChaosFaultKind.ServerError, 1),
        (ChaosFaultKind.Hang, 1),
        (ChaosFaultKind.LateAnswer, 1),
        (ChaosFaultKind.LostAnswer, 2),
        (ChaosFaultKind.Throttle, 1),
        (ChaosFaultKind.ProviderLine, 2),
        (ChaosFaultKind.Clock, 2),
    ];

    /// <summary>The faults of a run in order. Whoever is struck is left alone until he may be well again, and so is the database.</summary>
    public static IReadOnlyList<ChaosFault> Make(int seed, TimeSpan length, ChaosTimes times, ChaosGround ground)
    {
        var random = new Random(seed);
        var faults = new List<ChaosFault>();
        var free = new Dictionary<string, TimeSpan>();
        var queue = new Queue<ChaosFaultKind>(Shuffled(ground.Kinds, random));
        for (var at = TimeSpan.Zero; at < length; at += times.FaultEvery * (0.5 + random.NextDouble()))
        {
            // Each kind once first, so that a short run sees as many as fit.
            var kind = queue.TryDequeue(out var first) ? first : Draw(ground.Kinds, random);
            var fault = new ChaosFault(at, kind, SeatFor(kind, ground, random), ProviderFor(kind, ground, random), LengthOf(kind, times, random), random.Next(1000));
            if (free.GetValueOrDefault(fault.Target) > at)
            {
                continue;
            }

            free[fault.Target] = at + fault.Lasts + (times.FaultEvery * (kind is ChaosFaultKind.Kill or ChaosFaultKind.DiskFull ? 2 : 0.5));
            faults.Add(fault);
        }

        return faults;
    }

    private static ChaosFaultKind[] Shuffled(IReadOnlyList<ChaosFaultKind> kinds, Random random)
    {
        var shuffled = kinds.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }

    private static ChaosFaultKind Draw(IReadOnlyList<ChaosFaultKind> kinds, Random random)
    {
        var possible = Weights.Where(w => kinds.Contains(w.Kind)).ToArray();
        var drawn = random.Next(possible.Sum(w => w.Weight));
        return possible.First(w => (drawn -= w.Weight) < 0).Kind;
    }

    private static string SeatFor(ChaosFaultKind kind, ChaosGround ground, Random random) => kind switch
    {
        ChaosFaultKind.Kill or ChaosFaultKind.Stop or ChaosFaultKind.Pause or ChaosFaultKind.Partition
            or ChaosFaultKind.LostCommit or ChaosFaultKind.ProviderLine => ground.Seats[random.Next(ground.Seats.Count)],
        ChaosFaultKind.LostClaim => ground.Workers[random.Next(ground.Workers.Count)],
        ChaosFaultKind.DiskFull => ground.WithDisk,
        ChaosFaultKind.Clock => ground.WithClock,
        _ => "",
    };

    private static string ProviderFor(ChaosFaultKind kind, ChaosGround ground, Random random) =>
        kind is ChaosFaultKind.Outage or ChaosFaultKind.ServerError or ChaosFaultKind.Hang or ChaosFaultKind.LateAnswer
            or ChaosFaultKind.LostAnswer or ChaosFaultKind.Throttle
            ? ground.Providers[random.Next(ground.Providers.Count)]
            : "";

    private static TimeSpan LengthOf(ChaosFaultKind kind, ChaosTimes times, Random random)
    {
        var chance = random.NextDouble();
        return kind switch
        {
            ChaosFaultKind.Kill => times.FaultEvery * 0.5 * chance,
            ChaosFaultKind.Stop => times.Lease + (times.FaultEvery * (0.25 + (0.5 * chance))),
            ChaosFaultKind.LostCommit or ChaosFaultKind.LostClaim => times.TokenLifetime / 2,
            ChaosFaultKind.DiskFull => times.FaultEvery * (2 + chance),
            ChaosFaultKind.Hang or ChaosFaultKind.LateAnswer => times.HttpDeadline * (1 + (0.5 * chance)),
            ChaosFaultKind.Clock => times.FaultEvery * (1 + (3 * chance)),
            _ => times.FaultEvery * (0.25 + chance),
        };
    }
}

/// <summary>What there is to strike.</summary>
/// <param name="Seats">All servers.</param>
/// <param name="Workers">Those that refresh by themselves.</param>
/// <param name="WithDisk">The one whose journal has a disk of its own.</param>
/// <param name="WithClock">The one whose wall clock can be set.</param>
/// <param name="Providers">By name.</param>
/// <param name="Kinds">What is possible on this machine.</param>
internal sealed record ChaosGround(
    IReadOnlyList<string> Seats, IReadOnlyList<string> Workers, string WithDisk, string WithClock, IReadOnlyList<string> Providers,
    IReadOnlyList<ChaosFaultKind> Kinds);
