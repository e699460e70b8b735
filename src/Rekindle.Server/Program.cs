using Rekindle.Server.Commands;

namespace Rekindle.Server;

/// <summary>The verbs of <c>rekindle-server</c>.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => ServerCommand.Create().Parse(args).InvokeAsync();
}
