using System.Text.Json;
using Rekindle.Attempts;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>An attempt as the wire has it.</summary>
internal static class AttemptMapping
{
    private static readonly string[] Stages = ["stored", "opened", "sent"];

    public static Wire.Attempt Of(Attempt a) => new()
    {
        Id = a.Id,
        CreatedAt = a.CreatedAt,
        ConnectionId = a.ConnectionId.ToString(),
        Integration = a.Key.Integration,
        Tenant = a.Key.Tenant,
        Subject = a.Key.Subject,
        Purpose = a.Key.Purpose,
        Account = a.Key.Account,
        Source = Names.Of(a.Source),
        Action = Names.Of(a.Action),
        Class = Names.Of(a.Class),
        IsTransient = a.IsTransient,
        Decision = a.Decision,
        NextStep = a.NextStep,
        NextRetryAt = a.NextRetryAt,
        WhoActs = Names.Of(a.WhoActs),
        Worker = a.Worker,
        WorkerVersion = a.WorkerVersion,
        DurationMs = (long)a.Duration.TotalMilliseconds,
        GrantNo = a.GrantNo,
        Version = a.Version,
        Rotated = a.Rotated,
        ExpiresIn = a.ExpiresIn is { } life ? (long)life.TotalSeconds : null,
        Status = a.Status,
        ErrorCode = a.ErrorCode,
        Error = a.Error,
        Stages = Parse(a.Stages),
        Request = Parse(a.Request),
        Response = Parse(a.Response),
    };

    /// <summary>What two attempts have in common, by fingerprints: without seeing a token (D5).</summary>
    public static Wire.AttemptComparison Compare(Attempt a, Attempt b)
    {
        var (stagesA, stagesB) = (Parse(a.Stages), Parse(b.Stages));
        return new Wire.AttemptComparison
        {
            A = Of(a),
            B = Of(b),
            Stages =
            [
                .. Stages.Select(stage => new Wire.ComparedStage(
                    stage, Result(Text(stagesA, stage, "fingerprint"), Text(stagesB, stage, "fingerprint")))),
                new("grant_no", Result(a.GrantNo, b.GrantNo)),
                new("version", Result(a.Version, b.Version)),
                new("url", Result(Text(Parse(a.Request), "url"), Text(Parse(b.Request), "url"))),
            ],
        };
    }

    private static string Result<T>(T? a, T? b) => a is null || b is null ? "unknown" : a.Equals(b) ? "same" : "different";

    private static string? Text(JsonElement? json, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            json = json is { ValueKind: JsonValueKind.Object } o && o.TryGetProperty(name, out var inner) ? inner : null;
        }

        return json is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
    }

    private static JsonElement? Parse(string? json) => json is null ? null : JsonElement.Parse(json);
}
