using System.CommandLine;

namespace Rekindle.Drills.Soak;

/// <summary><c>./drill soak</c>.</summary>
internal sealed class SoakCommand : Command
{
    private readonly Option<double> _days = new("--days") { Description = "Simulated days.", DefaultValueFactory = _ => 10 };
    private readonly Option<bool> _quick = new("--quick") { Description = "One day." };
    private readonly Option<int> _connections = new("--connections") { Description = "Connections.", DefaultValueFactory = _ => 200 };

    public SoakCommand()
        : base("soak", "Lets days of simulated time pass in this process and looks whether memory, handles and threads stay flat.")
    {
        Add(_days);
        Add(_quick);
        Add(_connections);
        SetAction((parsed, _) =>
        {
            var quick = parsed.GetValue(_quick);
            return new SoakRun(TimeSpan.FromDays(quick ? 1 : parsed.GetValue(_days)), quick ? 50 : parsed.GetValue(_connections), Console.Out).RunAsync();
        });
    }
}
