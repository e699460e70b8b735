namespace Rekindle.Testing;

/// <summary>Where PostgreSQL's programs are on this machine.</summary>
internal static class PostgresBinaries
{
    private const string Variable = "TEST_PG_BIN";

    /// <summary>The folder of the newest installation.</summary>
    /// <exception cref="InvalidOperationException">There is none; the message says how to get one.</exception>
    public static string Find() =>
        Candidates().FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")))
        ?? throw new InvalidOperationException(
            "These tests need PostgreSQL 15 or later and found none. Install it (Debian, Ubuntu: apt-get install postgresql; " +
            $"macOS: brew install postgresql) or set {Variable} to the folder that holds initdb and postgres. ./test installs it by itself.");

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } configured)
        {
            yield return configured;
        }

        string[] roots = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
        var installed = roots.Where(Directory.Exists)
            .SelectMany(root => Directory.GetDirectories(root))
            .Select(folder => (Folder: folder, Version: VersionOf(Path.GetFileName(folder))))
            .Where(installation => installation.Version > 0)
            .OrderByDescending(installation => installation.Version);
        foreach (var (folder, _) in installed)
        {
            yield return Path.Combine(folder, "bin");
        }

        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
        {
            yield return folder;
        }
    }

    private static int VersionOf(string folder) =>
        int.TryParse(folder.StartsWith("postgresql@", StringComparison.Ordinal) ? folder["postgresql@".Length..] : folder, out var version) ? version : 0;
}
