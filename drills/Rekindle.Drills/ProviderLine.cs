using System.Net;
using Rekindle.Simulator;

namespace Rekindle.Drills;

/// <summary>A process's own line to the simulator, by which the simulator's history tells who called.</summary>
internal static class ProviderLine
{
    /// <summary>A proxy in front of the simulator.</summary>
    public static TcpProxy To(SimulatorHost simulator) => new(new IPEndPoint(IPAddress.Loopback, simulator.BaseAddress.Port));

    /// <summary>Writes a catalogue whose addresses lead along the line.</summary>
    public static string WriteCatalogue(SimulatorHost simulator, TcpProxy line, string folder)
    {
        CatalogueEntry.WriteAll(simulator, folder);
        foreach (var file in Directory.GetFiles(folder))
        {
            File.WriteAllText(file, File.ReadAllText(file).Replace(simulator.BaseAddress.Authority, line.EndPoint.ToString(), StringComparison.Ordinal));
        }

        return folder;
    }
}
