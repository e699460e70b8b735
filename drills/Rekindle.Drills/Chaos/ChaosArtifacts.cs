using System.Text.Json;
using Rekindle.Testing;

namespace Rekindle.Drills.Chaos;

/// <summary>What a failed run leaves behind to be looked at. No token is among it: histories name them, logs never hold them.</summary>
internal static class ChaosArtifacts
{
    private static readonly JsonSerializerOptions Lines = new() { WriteIndented = false };

    public static string Folder { get; } = Repository.PathTo("artifacts", "drill", "chaos");

    public static void Keep(ChaosFleet fleet, ChaosHistory? history)
    {
        Directory.CreateDirectory(Folder);
        foreach (var seat in fleet.Seats)
        {
            File.WriteAllText(Path.Combine(Folder, $"{seat.Name}.log"), seat.Log);
        }

        File.WriteAllText(Path.Combine(Folder, "postgres.log"), fleet.Database.Log);
        if (history is null)
        {
            return;
        }

        Write("presented", history.Presented);
        Write("recorded", history.Recorded);
        Write("served", history.Served);
        Write("interruptions", history.Interruptions);
        Write("final", history.Final);
    }

    private static void Write<T>(string name, IReadOnlyList<T> items) =>
        File.WriteAllLines(Path.Combine(Folder, $"{name}.jsonl"), items.Select(item => JsonSerializer.Serialize(item, Lines)));
}
