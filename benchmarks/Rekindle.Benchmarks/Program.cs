using System.CommandLine;
using Rekindle.Benchmarks;
using Rekindle.Benchmarks.Floors;

// What ./bench runs. The hidden verbs are the programs that a measurement puts beside ours, each a process of its own.
var root = new RootCommand(
    """
    Measures Rekindle beside bare programs that do only the unavoidable work, and beside peers, side by side in one run.

      ./bench                          every line; about ten minutes on two cores
      ./bench --quick                  smaller sizes and shorter windows; about three minutes
      ./bench --only http-token        one line; may be given several times
      ./bench --list                   the names of the lines
      ./bench --claim-to 10000000      claims with ten million connections stored (half an hour, 20 GB)
      ./bench --memory-minutes 10      memory after ten minutes of work instead of one

    Prints a line per figure, "ratio <name> <value> <target> ok|short", and writes docs/benchmarks.md after a full run.
    Exits 0 whether or not the figures reach their targets: a busy machine is no mistake.
    """);
BenchCommand.AddTo(root);
root.Add(StubProvider.Command());
root.Add(FloorTokenServer.Command());
root.Add(FloorRefresher.Command());
return await root.Parse(args).InvokeAsync();
