using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Rekindle.Telemetry;

/// <summary>
/// The meter in the text format that Prometheus reads (exposition format 0.0.4). Names follow OpenTelemetry's rules for Prometheus: dots become
/// underscores, the unit and <c>_total</c> are appended.
/// </summary>
public sealed class PrometheusPage : IDisposable
{
    /// <summary>Media type of the page.</summary>
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private const string EnvironmentTag = "rekindle.environment";

    private readonly Observer _observer;
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, MetricSeries> _metrics = new(StringComparer.Ordinal);

    internal PrometheusPage(RekindleMetrics metrics, Observer observer, Gauges gauges)
    {
        // The gauges are instruments of the meter from when they are made.
        ArgumentNullException.ThrowIfNull(gauges);
        _observer = observer;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == metrics.Meter)
            {
                listener.EnableMeasurementEvents(instrument, Add(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(state, value, tags));
        _listener.Start();
    }

    /// <summary>The page as it stands. Figures of the database are at most 15 s old; while it is away for longer than a minute they are left out.</summary>
    /// <param name="environment">Leaves out the series of other environments; null: all.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public async Task<string> WriteAsync(string? environment = null, CancellationToken cancellationToken = default)
    {
        try
        {
            await _observer.ObserveAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Storage.StoreException)
        {
            // What this process knows by itself is wanted then most of all.
        }

        lock (_gate)
        {
            foreach (var metric in _metrics.Values)
            {
                metric.ForgetObserved();
            }

            _listener.RecordObservableInstruments();
            var page = new StringBuilder();
            foreach (var metric in _metrics.Values)
            {
                metric.WriteTo(page, tags => environment is null || tags.All(t => t.Key != EnvironmentTag || t.Value == environment));
            }

            return page.ToString();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    /// <summary>The name of an instrument's metric.</summary>
    internal static string NameOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "1" => "_ratio",
            _ => "",
        };
        return name + unit + (IsCounter(instrument) ? "_total" : "");
    }

    internal static bool IsCounter(Instrument instrument) => TypeOf(instrument) is { } type && (type == typeof(Counter<>) || type == typeof(ObservableCounter<>));

    internal static bool IsHistogram(Instrument instrument) => TypeOf(instrument) == typeof(Histogram<>);

    private static Type? TypeOf(Instrument instrument) => instrument.GetType() is { IsGenericType: true } type ? type.GetGenericTypeDefinition() : null;

    private static void Record<T>(object? state, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where T : struct, IConvertible => ((MetricSeries)state!).Record(value.ToDouble(CultureInfo.InvariantCulture), tags);

    private MetricSeries Add(Instrument instrument)
    {
        lock (_gate)
        {
            var series = new MetricSeries(instrument);
            _metrics[series.Name] = series;
            return series;
        }
    }
}
