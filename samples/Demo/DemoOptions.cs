namespace Rekindle.Demo;

/// <summary>What the demo was asked to do.</summary>
internal sealed record DemoOptions
{
    public const string Help = """
        Rekindle demo: the server on SQLite, simulated authorization servers, 500 connections with short-lived tokens.

        Usage:
          ./demo                     watch it (Ctrl-C ends)
          ./demo --check             the same without a screen, for at most 45 s; verifies what happened, exits 0 or 1
          ./demo --connections 100   fewer connections
          ./demo --port 8080         port of the server (default: a free one)

        Nothing leaves this machine: the providers are simulated, the database lies in a temporary folder that is removed at the end.
        """;

    public bool Check { get; init; }

    public int Connections { get; init; } = 500;

    public int Port { get; init; }

    /// <summary>Reads the command line; null after printing what is wrong with it.</summary>
    public static DemoOptions? Parse(string[] arguments, TextWriter error)
    {
        var options = new DemoOptions();
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--check":
                    options = options with { Check = true };
                    break;
                case "--connections" when Number(i) is >= 20 and <= 5000 and var count:
                    options = options with { Connections = count };
                    i++;
                    break;
                case "--port" when Number(i) is >= 1 and <= 65535 and var port:
                    options = options with { Port = port };
                    i++;
                    break;
                default:
                    error.WriteLine($"demo: '{arguments[i]}' is not understood, or lacks a number (--connections 20-5000, --port 1-65535).");
                    error.WriteLine(Help);
                    return null;
            }
        }

        return options;

        int? Number(int at) => at + 1 < arguments.Length && int.TryParse(arguments[at + 1], out var n) ? n : null;
    }
}
