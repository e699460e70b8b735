using System.Net.Sockets;
using System.Security.Authentication;

namespace Rekindle.Refresh;

/// <summary>
/// Names what went wrong on the way. The sentences are ours: an exception's own text may hold an address with secrets
/// in it.
/// </summary>
internal static class TransportFailures
{
    public static TransportFailure Of(Exception exception, Departure departure, CancellationToken deadline, CancellationToken stopping)
    {
        if (departure.Refused)
        {
            return new(TransportFailureKind.NotSent, "The lease was too short to send anything.");
        }

        if (stopping.IsCancellationRequested)
        {
            return new(TransportFailureKind.Cancelled, "This process is stopping.");
        }

        return deadline.IsCancellationRequested
            ? new(TransportFailureKind.Timeout, departure.Begun
                ? "The provider did not answer in time."
                : "The provider could not be reached in time.")
            : Describe(KindOf(exception, departure));
    }

    private static TransportFailureKind KindOf(Exception exception, Departure departure)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case AddressRefusedException:
                    return TransportFailureKind.AddressRefused;
                case AuthenticationException:
                    return TransportFailureKind.Tls;
                case InvalidDataException:
                    return TransportFailureKind.Malformed;
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery }:
                    return TransportFailureKind.NameResolution;
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    return TransportFailureKind.Tls;
                case HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded }:
                case HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse }:
                    return TransportFailureKind.Malformed;
                default:
                    break;
            }
        }

        return departure.Begun ? TransportFailureKind.Reset : TransportFailureKind.Connect;
    }

    private static TransportFailure Describe(TransportFailureKind kind) => new(kind, kind switch
    {
        TransportFailureKind.AddressRefused =>
            "The provider's host resolves to a private or special address; AllowPrivateNetworks permits that where it is meant.",
        TransportFailureKind.NameResolution => "The provider's host name could not be resolved.",
        TransportFailureKind.Tls => "The TLS handshake with the provider failed.",
        TransportFailureKind.Malformed => "What the provider's host answered is not valid HTTP.",
        TransportFailureKind.Reset => "The connection broke before the answer was complete.",
        _ => "No connection to the provider could be made.",
    });
}
