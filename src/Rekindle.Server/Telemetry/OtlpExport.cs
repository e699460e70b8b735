using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Rekindle.Alerts;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Telemetry;

namespace Rekindle.Server.Telemetry;

/// <summary>Sends the meter and the spans named <c>Rekindle</c> to a collector, and nothing of anybody else's: the web server's carry addresses.</summary>
internal sealed class OtlpExport(OtlpSettings settings, AlertBoard board, WorkerIdentity worker, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(15);

    private MeterProvider? _meters;
    private TracerProvider? _tracers;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.Endpoint is null)
        {
            return Task.CompletedTask;
        }

        var resource = ResourceBuilder.CreateEmpty().AddService("rekindle", serviceVersion: worker.Version, serviceInstanceId: worker.InstanceId);
        _meters = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(RekindleTelemetry.Name)
            .AddOtlpExporter((exporter, reader) =>
            {
                Configure(exporter, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)settings.Interval.TotalMilliseconds;
                reader.PeriodicExportingMetricReaderOptions.ExportTimeoutMilliseconds = (int)settings.Timeout.TotalMilliseconds;
            })
            .Build();
        if (settings.Traces)
        {
            _tracers = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .AddSource(RekindleTelemetry.Name)
                .AddOtlpExporter(exporter => Configure(exporter, "v1/traces"))
                .Build();
        }

        return base.StartAsync(cancellationToken);
    }

    /// <summary>Sends what is left, then lets the process go.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.Run(() =>
        {
            _meters?.Dispose();
            _tracers?.Dispose();
        }, CancellationToken.None);
    }

    // The exporter reads gauges when it sends; they show what was last looked at, by whoever did.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        do
        {
            try
            {
                await board.EvaluateAsync(stoppingToken);
            }
            catch (StoreException)
            {
                // rekindle.observation.age says so, and readiness does.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Configure(OtlpExporterOptions exporter, string path)
    {
        exporter.Protocol = settings.Protocol == OtlpTransport.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = settings.Protocol == OtlpTransport.Grpc ? settings.Endpoint! : new Uri($"{settings.Endpoint!.ToString().TrimEnd('/')}/{path}");
        exporter.Headers = settings.Headers;
        exporter.TimeoutMilliseconds = (int)settings.Timeout.TotalMilliseconds;
    }
}
