using Rekindle.Encryption;

namespace Rekindle.Refresh;

/// <summary>What became of one request: an answer, a failure on the way, or both when the answer broke off.</summary>
public sealed record ExchangeResult
{
    /// <summary>When the request set out, on the injected clock: expiry counts from here (I12).</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>Until the answer's end, or the failure.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The provider's answer; with <see cref="Failure"/> beside it, only as much as came.</summary>
    public ProviderAnswer? Answer { get; init; }

    /// <summary>What went wrong on the way; null: nothing.</summary>
    public TransportFailure? Failure { get; init; }

    /// <summary>
    /// Whether the request's secrets began to leave this process, decided where they are written and not by the type of
    /// an exception (I7).
    /// </summary>
    public bool ContentWritten { get; init; }

    /// <summary>Secrets of the request, for the scrub of texts that come back.</summary>
    public IReadOnlyList<Secret> Secrets { get; init; } = [];

    /// <summary>The provider cannot have seen the request: it may be repeated at once, whatever the reuse rule (B5).</summary>
    public bool ProvablyNotSent => !ContentWritten && Answer is null;
}

/// <summary>A failure on the way, in words without secrets.</summary>
/// <param name="Kind">What failed.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record TransportFailure(TransportFailureKind Kind, string Message);

/// <summary>What failed on the way.</summary>
public enum TransportFailureKind
{
    /// <summary>The caller's last check said no: the lease was too short to send anything.</summary>
    NotSent,

    /// <summary>The address is not https, or leads into a network that is not allowed.</summary>
    AddressRefused,

    /// <summary>The host's name could not be resolved.</summary>
    NameResolution,

    /// <summary>No connection came about.</summary>
    Connect,

    /// <summary>The TLS handshake failed.</summary>
    Tls,

    /// <summary>The deadline passed.</summary>
    Timeout,

    /// <summary>The connection broke.</summary>
    Reset,

    /// <summary>What came back is not HTTP, or its coding is damaged.</summary>
    Malformed,

    /// <summary>This process is stopping.</summary>
    Cancelled,
}
