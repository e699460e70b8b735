using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>From the wire to a failure to simulate; what is wrong goes to the mistakes.</summary>
internal static class SimulationReader
{
    /// <summary>The failure; null: a simulation is to end, or there are mistakes.</summary>
    public static SimulatedFailure? Read(Wire.SimulateFailure body, string at, Mistakes mistakes)
    {
        if (body.Reset)
        {
            if (body is not { Kind: null, Count: null, RetryInSeconds: null })
            {
                mistakes.Add(at + "reset", "goes without the other fields.");
            }

            return null;
        }

        if (!Names.TryParse<RefreshClass>(body.Kind, out var kind) || !SimulatedFailure.Kinds.Contains(kind))
        {
            mistakes.Add(at + "kind", $"must be one of: {string.Join(", ", SimulatedFailure.Kinds.Select(Names.Of))}.");
            return null;
        }

        if (body.Count is < 1 or > SimulatedFailure.MostCount)
        {
            mistakes.Add(at + "count", $"must be from 1 to {SimulatedFailure.MostCount}.");
        }

        if (body.RetryInSeconds is { } wait && (wait < 1 || wait > SimulatedFailure.LongestRetry.TotalSeconds))
        {
            mistakes.Add(at + "retry_in_seconds", $"must be from 1 to {SimulatedFailure.LongestRetry.TotalSeconds:0}.");
        }
        else if (body.RetryInSeconds is not null && !SimulatedFailure.IsRetried(kind))
        {
            mistakes.Add(at + "retry_in_seconds", $"goes with failures that are tried again by themselves, which {Names.Of(kind)} is not.");
        }

        return new SimulatedFailure(kind, body.Count ?? 1, body.RetryInSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
    }
}
