namespace Rekindle.Testing;

/// <summary>The working copy the tests were built in.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>A path given from the root.</summary>
    public static string PathTo(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Rekindle.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Rekindle.slnx above {AppContext.BaseDirectory}: these tests read files of the repository.");
    }
}
