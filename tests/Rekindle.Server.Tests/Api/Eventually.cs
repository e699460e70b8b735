namespace Rekindle.Server.Tests.Api;

/// <summary>What other processes' caches may take seconds to learn: asked for until it is so, or the promised time is over.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(10);

    /// <summary>The status once it is the wanted one, else the last one seen.</summary>
    public static async Task<int> StatusAsync(HttpClient client, string path, int wanted)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var status = (await ApiHost.GetAsync(client, path)).Status;
            if (status == wanted || TimeProvider.System.GetElapsedTime(started) > Promised)
            {
                return status;
            }
        }
    }
}
