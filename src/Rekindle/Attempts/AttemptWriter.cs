using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Attempts;

/// <summary>Writes down what happened, by allow-list (I13): compact for scheduled successes, in full for failures and debug runs (D7).</summary>
internal sealed class AttemptWriter(Fingerprinter fingerprinter, WorkerIdentity worker, TimeProvider time)
{
    private readonly TokenStages _stages = new(fingerprinter);

    /// <summary>The attempt as known before the verdict; decision and next step are filled in with it.</summary>
    public Attempt Of(RefreshRun run, Classified result, TokenRequest? request, ExchangeResult? exchange)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(result);
        var compact = run is { Source: RefreshSource.Scheduled, Capture: false } && result.Class == RefreshClass.Success;
        var (asked, answered) = compact ? default : Capture(run, result, request, exchange);
        return new Attempt
        {
            Id = run.Claim.AttemptId,
            CreatedAt = CreatedAt(run.Claim.AttemptId),
            ConnectionId = run.Claim.Connection.Id,
            IntegrationId = run.Claim.Connection.IntegrationId,
            Key = run.Claim.Connection.Key,
            Source = run.Source,
            Action = ActionOf(run, result, exchange),
            Class = result.Class,
            IsTransient = result.IsTransient || result.Class == RefreshClass.OutcomeUnknown,
            Decision = "",
            NextStep = "",
            WhoActs = result.WhoActs,
            Worker = worker.InstanceId,
            WorkerVersion = worker.Version,
            Duration = exchange?.Duration ?? TimeSpan.Zero,
            GrantNo = run.Claim.Tokens.GrantNo,
            Version = run.Claim.Tokens.Version,
            ExpiresIn = result.Tokens?.ExpiresAt - (exchange?.RequestedAt ?? time.GetUtcNow()),
            Status = exchange?.Answer?.Status,
            ErrorCode = result.ErrorCode,
            Error = result.Class == RefreshClass.Success ? null : result.Message,
            Stages = run.Grant is { } grant ? _stages.Of(grant, run.Provider, exchange?.ContentWritten == true) : null,
            Request = asked,
            Response = answered,
        };
    }

    private (string? Request, string? Response) Capture(RefreshRun run, Classified result, TokenRequest? request, ExchangeResult? exchange) =>
        request is null ? default
        : exchange is null ? (ExchangeCapture.OfRequest(request, fingerprinter), null)
        : ExchangeCapture.Of(run.Provider, request, exchange, fingerprinter);

    // The id was made when the lease was taken and says when.
    private static DateTimeOffset CreatedAt(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        long milliseconds = 0;
        foreach (var b in bytes[..6])
        {
            milliseconds = (milliseconds << 8) | b;
        }

        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }

    private static AttemptAction ActionOf(RefreshRun run, Classified result, ExchangeResult? exchange)
    {
        if (run.Capture)
        {
            return AttemptAction.TokenRefreshDebug;
        }

        if (result.Class == RefreshClass.Success)
        {
            return AttemptAction.TokenRefreshed;
        }

        var refused = exchange?.Answer is not null && result.Class is not (RefreshClass.ProviderUnavailable or RefreshClass.OutcomeUnknown);
        return refused || exchange is null ? AttemptAction.TokenRefreshFailed : AttemptAction.TokenRefreshError;
    }
}
