namespace Rekindle.Drills.Away;

/// <summary>What happens to a fleet beside the absence of its database.</summary>
/// <param name="Name">Name of its provider and of its database.</param>
/// <param name="Title">For the table.</param>
/// <param name="Kills">Whether a worker is killed by signal 9 while the database is away, and started again as often as it takes.</param>
/// <param name="Journal">Whether there is a journal.</param>
internal sealed record AwayVariant(string Name, string Title, bool Kills, bool Journal)
{
    public static AwayVariant Calm { get; } = new("calm", "nobody is killed", Kills: false, Journal: true);

    public static AwayVariant Killed { get; } = new("killed", "a worker is killed", Kills: true, Journal: true);

    public static AwayVariant Bare { get; } = new("bare", "the same, no journal", Kills: true, Journal: false);
}
