using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rekindle.Telemetry;

/// <summary>
/// Tells a monitor elsewhere that a cycle was completed. It runs beside the worker and never holds it up; a ping that fails is not
/// repeated, the next cycle's is the next try. The address may carry a secret: neither it nor an exception's text is logged.
/// </summary>
internal sealed class MonitorPing(PingOptions options, TimeProvider time, ILogger<MonitorPing> logger) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _cycles = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>A worker cycle ended.</summary>
    public void CycleCompleted()
    {
        if (options.Url is not null)
        {
            _cycles.Writer.TryWrite(true);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Url is null)
        {
            return;
        }

        // A client of its own: no proxy or handler of the host's sees the address, and no redirect carries it elsewhere.
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null })
        {
            Timeout = Patience,
        };
        var failing = false;
        while (await _cycles.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
        {
            _cycles.Reader.TryRead(out _);
            var problem = await SendAsync(http, stoppingToken).ConfigureAwait(false);
            if (problem is null == failing)
            {
                Tell(problem);
            }

            failing = problem is not null;
            await Task.Delay(options.Interval, time, stoppingToken).ConfigureAwait(false);
        }
    }

    // Null: the monitor took it.
    private async Task<string?> SendAsync(HttpClient http, CancellationToken stoppingToken)
    {
        using var request = new HttpRequestMessage(options.Method == PingMethod.Post ? HttpMethod.Post : HttpMethod.Get, options.Url);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stoppingToken).ConfigureAwait(false);
            return answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return $"it could not be reached ({e.HttpRequestError})";
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return $"it did not answer within {Patience.TotalSeconds:0} s";
        }
    }

    private void Tell(string? problem)
    {
        if (problem is null)
        {
            logger.PingWorksAgain();
            return;
        }

        logger.PingFailed(problem);
    }
}
