using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Rekindle.Testing;

/// <summary>
/// Runs a server of another project as a child of a small shell script that waits for the end of its input, which is a pipe from
/// this process: however this process ends, also by <c>kill -9</c>, the script then stops the server and removes its folder.
/// </summary>
internal sealed class Supervisor
{
    // $0 is the server's folder, $1 the signal that stops it, the rest its command line. The script ends when the server does.
    private const string Script =
        """
        trap '' INT HUP TERM
        signal=$1
        shift
        exec 3<&0
        "$@" </dev/null 3<&- &
        server=$!
        { read -r _ <&3; kill -$signal $server; } 2>/dev/null &
        watcher=$!
        wait $server
        kill $watcher 2>/dev/null
        rm -rf "$0"
        """;

    private const int LogLines = 50;

    private readonly ConcurrentQueue<string> _log = new();
    private readonly Process _process;

    private Supervisor(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => KeepLast(line.Data);
        process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
    }

    /// <summary>The last lines the server wrote to its standard error.</summary>
    public IReadOnlyCollection<string> Log => _log;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts the server, as its package's own account where this process is privileged.</summary>
    public static Supervisor Start(string folder, string stopSignal, params string[] command) => new(Process.Start(
        new ProcessStartInfo("/bin/sh", ["-c", Script, folder, stopSignal, .. AsServerAccount(folder), .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!);

    /// <summary>A command line that runs what follows it as the account that PostgreSQL's packages come with: they refuse to run as root.</summary>
    public static string[] AsServerAccount(string folder)
    {
        string[] clean = ["env", "-i", "PATH=/usr/bin:/bin:/usr/sbin", $"HOME={folder}", "LC_ALL=C.UTF-8"];
        return Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. clean]
            : clean;
    }

    /// <summary>A new folder that the server's account may write to.</summary>
    public static async Task<string> CreateFolderAsync(string prefix, Func<string, string> create)
    {
        var folder = create(prefix);
        if (Environment.IsPrivilegedProcess)
        {
            await TestCommand.RunAsync("chown", ["postgres:", folder], TimeSpan.FromSeconds(10));
        }

        return folder;
    }

    /// <summary>A port that was free a moment ago. Who starts a server on it tries again with another when somebody was faster.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public bool WroteOfBusyPort() => _log.Any(line => line.Contains("Address already in use", StringComparison.OrdinalIgnoreCase));

    public void Stop()
    {
        _process.StandardInput.Close();
        _process.WaitForExit(TimeSpan.FromSeconds(10));
    }

    private void KeepLast(string? line)
    {
        if (line is not null)
        {
            _log.Enqueue(line);
        }

        while (_log.Count > LogLines)
        {
            _log.TryDequeue(out _);
        }
    }
}
