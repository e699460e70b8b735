using System.Reflection;
using System.Security.Cryptography;

namespace Rekindle.Refresh;

/// <summary>Who this process is in leases, attempts and the workers' list.</summary>
/// <param name="InstanceId">Host name and a random part: a restarted process is another instance.</param>
/// <param name="Version">Version of the program.</param>
/// <param name="StartedAt">When it started.</param>
public sealed record WorkerIdentity(string InstanceId, string Version, DateTimeOffset StartedAt)
{
    /// <summary>This process.</summary>
    public static WorkerIdentity ForThisProcess(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var assembly = typeof(WorkerIdentity).Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
        var host = Environment.MachineName;
        return new($"{(host.Length > 60 ? host[..60] : host)}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}", version, time.GetUtcNow());
    }
}
