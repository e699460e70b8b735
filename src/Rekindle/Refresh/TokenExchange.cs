using System.Net;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>
/// Sends requests to providers over one shared handler, each exactly once: no proxy, no redirects, no cookies, no
/// repetition by the transport. Whatever happens on the way is a value, not an exception.
/// </summary>
public sealed class TokenExchange : IDisposable
{
    private readonly TokenExchangeOptions _options;
    private readonly TimeProvider _time;
    private readonly CheckedConnector _connector;
    private readonly HttpMessageInvoker _shared;
    private readonly Deadlines _deadlines;

    /// <summary>Opens the shared handler.</summary>
    public TokenExchange(TokenExchangeOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
        _time = time;
        _deadlines = new Deadlines(time);
        _connector = new CheckedConnector(options.AllowPrivateNetworks);
        _shared = new HttpMessageInvoker(CreateHandler());
    }

    /// <summary>Sends a request and reads the answer.</summary>
    /// <param name="request">The request; never a synthetic one.</param>
    /// <param name="deadline">For everything: connecting, sending, and reading the answer to its end.</param>
    /// <param name="mayStillSend">Asked last, just before the request's secrets leave; false ends the exchange as <see cref="TransportFailureKind.NotSent"/>.</param>
    /// <param name="cancellationToken">For the end of the process. A caller that stops waiting must not cancel an exchange.</param>
    /// <exception cref="ArgumentException">The request is synthetic.</exception>
    public ValueTask<ExchangeResult> SendAsync(
        TokenRequest request, TimeSpan deadline, Func<bool>? mayStillSend, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.IsSynthetic)
        {
            throw new ArgumentException("A synthetic request is for the record only.", nameof(request));
        }

        return request.Uri.Scheme == Uri.UriSchemeHttps || _options.AllowPlainHttp
            ? ExchangeAsync(request, new Departure(mayStillSend), deadline, cancellationToken)
            : ValueTask.FromResult(new ExchangeResult
            {
                RequestedAt = _time.GetUtcNow(),
                Failure = new TransportFailure(TransportFailureKind.AddressRefused, "The provider's address is not https."),
                Secrets = request.Secrets,
            });
    }

    /// <inheritdoc/>
    public void Dispose() => _shared.Dispose();

    private async ValueTask<ExchangeResult> ExchangeAsync(
        TokenRequest request, Departure departure, TimeSpan deadline, CancellationToken stopping)
    {
        var (requestedAt, started) = (_time.GetUtcNow(), _time.GetTimestamp());
        var timer = _deadlines.Start(deadline);
        ProviderAnswer? answer = null;
        TransportFailure? failure = null;
        try
        {
            using var either = stopping.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping) : null;
            var ended = either?.Token ?? timer.Token;
            using var message = ToMessage(request, departure);
            using var own = NeedsOwnConnection(request) ? new HttpMessageInvoker(CreateHandler(departure)) : null;
            if (own is null && message.Content is null)
            {
                departure.Begin();
            }

            using var response = await (own ?? _shared).SendAsync(message, ended).ConfigureAwait(false);
            FailPoint.Reach(Gap.Sent);
            (answer, var broken) = await AnswerBody.ReadAsync(response, ended).ConfigureAwait(false);
            failure = broken is null ? null : TransportFailures.Of(broken, departure, timer.Token, stopping);
        }
        catch (Exception exception)
        {
            failure = TransportFailures.Of(exception, departure, timer.Token, stopping);
        }
        finally
        {
            _deadlines.Return(timer, cameToAnEnd: answer is { Truncated: false });
        }

        return new ExchangeResult
        {
            RequestedAt = requestedAt,
            Duration = _time.GetElapsedTime(started),
            Answer = answer,
            Failure = failure,
            ContentWritten = departure.Begun,
            Secrets = request.Secrets,
        };
    }

    /// <summary>
    /// The transport repeats a request without content when a reused connection closes unanswered. One that burns a token
    /// therefore gets a connection that nobody used before and nobody uses after.
    /// </summary>
    private static bool NeedsOwnConnection(TokenRequest request) =>
        request.Content.IsEmpty && request.Kind is TokenRequestKind.Refresh or TokenRequestKind.CodeExchange;

    private static HttpRequestMessage ToMessage(TokenRequest request, Departure departure)
    {
        var message = new HttpRequestMessage(HttpMethod.Parse(request.Method), request.Uri)
        {
            // HTTP/2 servers may ask for a repetition of their own accord; HTTP/1.1 has no such thing.
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (!request.Content.IsEmpty)
        {
            message.Content = new TokenRequestContent(request.Content, request.ContentType!, departure);
        }

        for (var i = 0; i < request.Headers.Count; i++)
        {
            message.Headers.TryAddWithoutValidation(request.Headers[i].Key, request.Headers[i].Value);
        }

        if (!message.Headers.NonValidated.Contains("Accept-Encoding"))
        {
            message.Headers.TryAddWithoutValidation("Accept-Encoding", ContentCoding.Accepted);
        }

        return message;
    }

    private SocketsHttpHandler CreateHandler(Departure? soleDeparture = null)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = _options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseDrainSize = 0,
            ConnectCallback = (context, cancellationToken) => _connector.ConnectAsync(context.DnsEndPoint, cancellationToken),
        };
        if (soleDeparture is not null)
        {
            // Runs when the connection stands, TLS included, and before the request line is written.
            handler.PlaintextStreamFilter = (context, _) =>
            {
                soleDeparture.Begin();
                return ValueTask.FromResult(context.PlaintextStream);
            };
        }

        return handler;
    }
}
