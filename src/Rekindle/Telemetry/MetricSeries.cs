using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Rekindle.Telemetry;

/// <summary>All series of one instrument, added up since the process began.</summary>
internal sealed class MetricSeries
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly Instrument _instrument;
    private readonly double[]? _bounds;
    private readonly bool _addsUp;

    public MetricSeries(Instrument instrument)
    {
        _instrument = instrument;
        Name = PrometheusPage.NameOf(instrument);
        _bounds = PrometheusPage.IsHistogram(instrument) ? [.. ((Histogram<double>)instrument).Advice!.HistogramBucketBoundaries!] : null;
        _addsUp = !instrument.IsObservable;
    }

    public string Name { get; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = LabelsOf(tags);
        lock (_gate)
        {
            if (!_series.TryGetValue(labels, out var series))
            {
                _series[labels] = series = new Series([.. Texts(tags)], _bounds is null ? [] : new long[_bounds.Length]);
            }

            series.Sum = _addsUp ? series.Sum + value : value;
            series.Count++;
            for (var i = 0; i < series.Buckets.Length; i++)
            {
                series.Buckets[i] += value <= _bounds![i] ? 1 : 0;
            }
        }
    }

    /// <summary>What is observed anew with every page must not outlive what it was observed of.</summary>
    public void ForgetObserved()
    {
        if (!_addsUp)
        {
            lock (_gate)
            {
                _series.Clear();
            }
        }
    }

    public void WriteTo(StringBuilder page, Func<KeyValuePair<string, string>[], bool> wanted)
    {
        lock (_gate)
        {
            var shown = _series.Where(s => wanted(s.Value.Tags)).OrderBy(s => s.Key, StringComparer.Ordinal).ToArray();
            if (shown.Length == 0)
            {
                return;
            }

            page.Append("# HELP ").Append(Name).Append(' ').Append(Escape(_instrument.Description ?? "", quotes: false)).Append('\n');
            page.Append("# TYPE ").Append(Name).Append(' ').Append(_bounds is not null ? "histogram" : PrometheusPage.IsCounter(_instrument) ? "counter" : "gauge").Append('\n');
            foreach (var (labels, series) in shown)
            {
                Write(page, labels, series);
            }
        }
    }

    private void Write(StringBuilder page, string labels, Series series)
    {
        if (_bounds is null)
        {
            Line(page, "", labels, series.Sum);
            return;
        }

        for (var i = 0; i < _bounds.Length; i++)
        {
            Line(page, "_bucket", With(labels, Number(_bounds[i])), series.Buckets[i]);
        }

        Line(page, "_bucket", With(labels, "+Inf"), series.Count);
        Line(page, "_sum", labels, series.Sum);
        Line(page, "_count", labels, series.Count);
    }

    private void Line(StringBuilder page, string suffix, string labels, double value)
    {
        page.Append(Name).Append(suffix);
        if (labels.Length > 0)
        {
            page.Append('{').Append(labels).Append('}');
        }

        page.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string With(string labels, string bound) => $"{labels}{(labels.Length > 0 ? "," : "")}le=\"{bound}\"";

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var labels = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            labels.Append(labels.Length > 0 ? "," : "").Append(key.Replace('.', '_')).Append("=\"").Append(Escape(value?.ToString() ?? "", quotes: true)).Append('"');
        }

        return labels.ToString();
    }

    private static KeyValuePair<string, string>[] Texts(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var texts = new KeyValuePair<string, string>[tags.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            texts[i] = new(tags[i].Key, tags[i].Value?.ToString() ?? "");
        }

        return texts;
    }

    private static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private sealed class Series(KeyValuePair<string, string>[] tags, long[] buckets)
    {
        public KeyValuePair<string, string>[] Tags { get; } = tags;

        /// <summary>How many were at most each bound: cumulative, as the format wants it.</summary>
        public long[] Buckets { get; } = buckets;

        public double Sum { get; set; }

        public long Count { get; set; }
    }
}
