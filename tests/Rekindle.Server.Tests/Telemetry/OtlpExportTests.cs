using System.Text;
using Rekindle.Server.Tests.Api;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Telemetry;

/// <summary>Metrics and spans arrive at a collector: a real socket that takes OTLP over HTTP.</summary>
[Trait("Req", "F7")]
public sealed class OtlpExportTests
{
    [Fact]
    public async Task A_collector_gets_metrics_and_spans_as_protobuf_with_the_headers_it_wants_and_no_user()
    {
        await using var collector = new RawServer(RawReply.Http(200, [], "application/x-protobuf"));
        await using (var host = await ApiHost.StartAsync(settings: new()
        {
            ["Otlp:Endpoint"] = new Uri(collector.Uri, "/").ToString(),
            ["Otlp:Headers"] = "x-collector-token=abc",
        }))
        {
            var id = await host.ImportAsync("user-of-ours");
            await ApiHost.PostAsync(host.Admin, $"/v1/connections/{id}/refresh", new { capture = true });
        }

        // A server that stops sends what it has.
        var metrics = Assert.Single(collector.Requests, r => r.Line == "POST /v1/metrics HTTP/1.1");
        var traces = Assert.Single(collector.Requests, r => r.Line == "POST /v1/traces HTTP/1.1");
        Assert.All((RawRequest[])[metrics, traces], request =>
        {
            Assert.Equal("application/x-protobuf", request.Header("Content-Type"));
            Assert.Equal("abc", request.Header("x-collector-token"));
            Assert.DoesNotContain("user-of-ours", request.Body, StringComparison.Ordinal);
        });
        Assert.Contains(Field(1, "rekindle.refresh.attempts"), metrics.Body, StringComparison.Ordinal);
        Assert.Contains(Field(1, "rekindle.workers"), metrics.Body, StringComparison.Ordinal);
        Assert.Contains(Field(5, "rekindle.refresh"), traces.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Otlp:Endpoint", "ftp://collector", "Rekindle:Otlp:Endpoint")]
    [InlineData("Otlp:Headers", "no-value", "Rekindle:Otlp:Headers")]
    [InlineData("Otlp:Interval", "02:00:00", "Rekindle:Otlp:Interval")]
    [InlineData("Otlp:Protocol", "soap", "Rekindle:Otlp:Protocol")]
    public void A_mistake_in_the_settings_stops_the_start_and_is_named(string setting, string value, string named)
    {
        var mistake = Assert.Throws<SettingsException>(() => ServerApp.Build(new ServerArguments(null, [new(setting, value)])));

        Assert.Contains(named, Assert.Single(mistake.Mistakes), StringComparison.Ordinal);
    }

    // A string of protobuf: its field's number, wire type 2, its length, its bytes.
    private static string Field(int number, string text) => Encoding.Latin1.GetString([(byte)((number << 3) | 2), (byte)text.Length, .. Encoding.UTF8.GetBytes(text)]);
}
