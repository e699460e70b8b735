using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Testing;

namespace Rekindle.Tests.Refresh;

[Trait("Req", "I7")]
public sealed class TokenExchangeTests : IDisposable
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(30);
    private static readonly TokenExchangeOptions Local = new() { AllowPlainHttp = true, AllowPrivateNetworks = true };

    private readonly TokenExchange _exchange = new(Local, TimeProvider.System);

    public void Dispose() => _exchange.Dispose();

    [Fact]
    public async Task A_request_goes_out_as_it_was_built_and_the_answer_comes_back_whole()
    {
        await using var server = new RawServer(RawReply.Http(200, """{"access_token":"a"}""", "application/json", "X-Request-Id: 42"));

        var result = await SendAsync(RefreshTo(server.Uri));

        Assert.Null(result.Failure);
        Assert.True(result.ContentWritten);
        Assert.Equal((200, "application/json", "42"), (result.Answer!.Status, result.Answer.ContentType, result.Answer.Header("x-request-id")));
        Assert.Equal("""{"access_token":"a"}""", Encoding.UTF8.GetString(result.Answer.Body.Span));
        var request = Assert.Single(server.Requests);
        Assert.Equal("POST /token HTTP/1.1", request.Line);
        Assert.Equal("application/x-www-form-urlencoded", request.Header("Content-Type"));
        Assert.Equal(
            "grant_type=refresh_token&refresh_token=old-refresh-token-0123456789&client_id=client-1&client_secret=client-secret-of-1",
            request.Body);
        Assert.Null(request.Header("traceparent"));
    }

    [Theory]
    [InlineData("POST", ParameterFormat.Form)]
    [InlineData("POST", ParameterFormat.Json)]
    [InlineData("POST", ParameterFormat.Query)]
    [InlineData("GET", ParameterFormat.Form)]
    public async Task A_reused_connection_that_closes_unanswered_makes_nothing_leave_twice(string method, ParameterFormat format)
    {
        await using var server = new RawServer(request =>
            request.Body.Contains("first", StringComparison.Ordinal) || request.Line.Contains("first", StringComparison.Ordinal)
                ? RawReply.Http(200, """{"access_token":"a"}""")
                : RawReply.Close);
        var rules = new RequestRules { RefreshMethod = method, Format = format };
        await SendAsync(RefreshTo(server.Uri, rules, "first"));

        var result = await SendAsync(RefreshTo(server.Uri, rules, "second"));

        Assert.Equal(TransportFailureKind.Reset, result.Failure!.Kind);
        Assert.True(result.ContentWritten);
        Assert.Single(server.Requests, request => (request.Line + request.Body).Contains("second", StringComparison.Ordinal));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_connection_is_reused_for_requests_with_content()
    {
        await using var server = new RawServer(RawReply.Http(200, "{}"));

        await SendAsync(RefreshTo(server.Uri));
        await SendAsync(RefreshTo(server.Uri));

        Assert.Equal((2, 1), (server.Requests.Count, server.Connections));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("GET")]
    public async Task The_last_check_is_asked_when_the_connection_stands_and_its_no_keeps_everything_here(string method)
    {
        await using var server = new RawServer(RawReply.Http(200, "{}"));
        var connections = -1;

        var result = await _exchange.SendAsync(
            RefreshTo(server.Uri, new RequestRules { RefreshMethod = method }),
            Ample,
            () =>
            {
                connections = server.Connections;
                return false;
            },
            CancellationToken.None);

        Assert.Equal(TransportFailureKind.NotSent, result.Failure!.Kind);
        Assert.True(result.ProvablyNotSent);
        Assert.NotEqual(-1, connections);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_check_that_throws_keeps_everything_here()
    {
        await using var server = new RawServer(RawReply.Http(200, "{}"));

        var result = await _exchange.SendAsync(RefreshTo(server.Uri), Ample, () => throw new InvalidOperationException("x"), CancellationToken.None);

        Assert.True(result.ProvablyNotSent);
        Assert.NotNull(result.Failure);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task The_deadline_covers_the_answer()
    {
        var clock = new ManualClock();
        using var exchange = new TokenExchange(Local, clock);
        await using var server = new RawServer(_ =>
        {
            clock.Advance(Ample);
            return RawReply.Silence;
        });

        var result = await exchange.SendAsync(RefreshTo(server.Uri), Ample, null, CancellationToken.None);

        Assert.Equal((TransportFailureKind.Timeout, true, false), (result.Failure!.Kind, result.ContentWritten, result.ProvablyNotSent));
    }

    [Fact]
    public async Task A_stopping_process_ends_the_exchange_with_a_value()
    {
        using var stopping = new CancellationTokenSource();
        await using var server = new RawServer(_ =>
        {
            stopping.Cancel();
            return RawReply.Silence;
        });

        var result = await _exchange.SendAsync(RefreshTo(server.Uri), Ample, null, stopping.Token);

        Assert.Equal((TransportFailureKind.Cancelled, true), (result.Failure!.Kind, result.ContentWritten));
    }

    [Fact]
    public async Task Of_an_answer_that_breaks_off_what_came_is_kept()
    {
        var whole = RawReply.Http(429, new string('x', 1000), "text/plain", "Retry-After: 7").Bytes;
        await using var server = new RawServer(new RawReply(whole[..^900], Closes: true));

        var result = await SendAsync(RefreshTo(server.Uri));

        Assert.Equal(TransportFailureKind.Reset, result.Failure!.Kind);
        Assert.Equal((429, true, "7", 100), (result.Answer!.Status, result.Answer.Truncated, result.Answer.Header("Retry-After"), result.Answer.Body.Length));
    }

    [Fact]
    public async Task A_refused_connection_is_provably_not_sent()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var result = await SendAsync(RefreshTo(new Uri($"http://127.0.0.1:{port}/token")));

        Assert.Equal((TransportFailureKind.Connect, true), (result.Failure!.Kind, result.ProvablyNotSent));
    }

    [Fact]
    public async Task An_unknown_host_is_provably_not_sent()
    {
        var result = await SendAsync(RefreshTo(new Uri("http://no-such-host.invalid/token")));

        Assert.Equal((TransportFailureKind.NameResolution, true), (result.Failure!.Kind, result.ProvablyNotSent));
    }

    [Fact]
    public async Task A_failed_handshake_is_provably_not_sent()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var speaksPlainHttp = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        });

        var result = await SendAsync(RefreshTo(new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/token")));

        await speaksPlainHttp;
        Assert.Equal((TransportFailureKind.Tls, true), (result.Failure!.Kind, result.ProvablyNotSent));
    }

    [Fact]
    public async Task An_answer_that_is_no_http_is_a_failure_after_sending()
    {
        await using var server = new RawServer(new RawReply("220 smtp ready\r\n\r\n"u8.ToArray(), Closes: true));

        var result = await SendAsync(RefreshTo(server.Uri));

        Assert.Equal((TransportFailureKind.Malformed, true), (result.Failure!.Kind, result.ContentWritten));
    }

    [Fact]
    public async Task A_body_of_5_MB_costs_1_MB()
    {
        await using var server = new RawServer(RawReply.Http(200, new byte[5 << 20], "application/json"));

        var result = await SendAsync(RefreshTo(server.Uri));

        Assert.Equal((ProviderAnswer.MaxBodyBytes, true), (result.Answer!.Body.Length, result.Answer.Truncated));
        Assert.Null(result.Failure);
    }

    public static TheoryData<string, Func<Stream, Stream>> Codings => new()
    {
        { "gzip", to => new GZipStream(to, CompressionLevel.Fastest) },
        { "br", to => new BrotliStream(to, CompressionLevel.Fastest) },
        { "deflate", to => new ZLibStream(to, CompressionLevel.Fastest) },
        { "Deflate", to => new DeflateStream(to, CompressionLevel.Fastest) },
    };

    [Theory]
    [MemberData(nameof(Codings))]
    public async Task A_compressed_body_is_read_in_each_coding_that_is_asked_for(string coding, Func<Stream, Stream> pack)
    {
        using var packed = new MemoryStream();
        await using (var packing = pack(packed))
        {
            packing.Write("""{"access_token":"a"}"""u8);
        }

        await using var server = new RawServer(RawReply.Http(200, packed.ToArray(), "application/json", $"Content-Encoding: {coding}"));

        var result = await SendAsync(RefreshTo(server.Uri));

        Assert.Equal(("""{"access_token":"a"}""", false), (Encoding.UTF8.GetString(result.Answer!.Body.Span), result.Answer.Truncated));
        Assert.Contains(coding, Assert.Single(server.Requests).Header("Accept-Encoding"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_compressed_body_that_unpacks_to_5_MB_costs_1_MB()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new byte[5 << 20]);
        }

        await using var server = new RawServer(RawReply.Http(200, packed.ToArray(), "application/json", "Content-Encoding: gzip"));

        var result = await SendAsync(RefreshTo(server.Uri));

        Assert.Equal((ProviderAnswer.MaxBodyBytes, true), (result.Answer!.Body.Length, result.Answer.Truncated));
    }

    [Fact]
    public async Task A_damaged_coding_is_a_failure_that_keeps_the_status()
    {
        await using var server = new RawServer(RawReply.Http(200, "not gzip at all", "application/json", "Content-Encoding: gzip"));

        var result = await SendAsync(RefreshTo(server.Uri));

        Assert.Equal(TransportFailureKind.Malformed, result.Failure!.Kind);
        Assert.Equal((200, true), (result.Answer!.Status, result.Answer.Truncated));
        Assert.Equal(RefreshClass.OutcomeUnknown, Given.Provider.Classify(result).Class);
    }

    [Fact]
    public async Task Redirects_are_answers_and_cookies_are_not_kept()
    {
        await using var server = new RawServer(RawReply.Http(302, "", null, "Location: /elsewhere", "Set-Cookie: a=b"));

        await SendAsync(RefreshTo(server.Uri));
        var result = await SendAsync(RefreshTo(server.Uri));

        Assert.Equal(302, result.Answer!.Status);
        Assert.All(server.Requests, request => Assert.Null(request.Header("Cookie")));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Private_addresses_are_refused_by_default()
    {
        await using var server = new RawServer(RawReply.Http(200, "{}"));
        using var strict = new TokenExchange(new TokenExchangeOptions { AllowPlainHttp = true }, TimeProvider.System);
        var byName = new UriBuilder(server.Uri) { Host = "localhost" }.Uri;

        var results = new[]
        {
            await strict.SendAsync(RefreshTo(server.Uri), Ample, null, CancellationToken.None),
            await strict.SendAsync(RefreshTo(byName), Ample, null, CancellationToken.None),
        };

        Assert.All(results, result => Assert.Equal((TransportFailureKind.AddressRefused, true), (result.Failure!.Kind, result.ProvablyNotSent)));
        Assert.Equal(0, server.Connections);
    }

    [Fact]
    public async Task Plain_http_is_refused_by_default()
    {
        await using var server = new RawServer(RawReply.Http(200, "{}"));
        using var strict = new TokenExchange(new TokenExchangeOptions { AllowPrivateNetworks = true }, TimeProvider.System);

        var result = await strict.SendAsync(RefreshTo(server.Uri), Ample, null, CancellationToken.None);

        Assert.Equal((TransportFailureKind.AddressRefused, true), (result.Failure!.Kind, result.ProvablyNotSent));
        Assert.Equal(0, server.Connections);
    }

    [Fact]
    public async Task An_address_that_does_not_answer_is_given_up_after_the_connect_timeout()
    {
        // TEST-NET-1: routed nowhere. Where the machine has no route at all the connection fails at once, which is as good.
        using var hasty = new TokenExchange(
            new TokenExchangeOptions { AllowPlainHttp = true, AllowPrivateNetworks = true, ConnectTimeout = TimeSpan.FromMilliseconds(200) },
            TimeProvider.System);

        var result = await hasty.SendAsync(RefreshTo(new Uri("http://192.0.2.1/token")), Ample, null, CancellationToken.None);

        Assert.Equal((TransportFailureKind.Connect, true), (result.Failure!.Kind, result.ProvablyNotSent));
    }

    [Theory]
    [InlineData("00:00:01", true)]
    [InlineData("00:01:00", true)]
    [InlineData("00:00:00", false)]
    [InlineData("00:01:01", false)]
    public void The_connect_timeout_is_between_a_second_and_a_minute(string timeout, bool valid)
    {
        var options = new TokenExchangeOptions { ConnectTimeout = TimeSpan.Parse(timeout, CultureInfo.InvariantCulture) };

        Assert.Equal(valid, Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true));
    }

    [Fact]
    [Trait("Req", "I12")]
    public async Task Expiry_counts_from_when_the_request_set_out()
    {
        var clock = new ManualClock();
        using var exchange = new TokenExchange(Local, clock);
        var start = clock.Now;
        await using var server = new RawServer(_ =>
        {
            clock.Advance(TimeSpan.FromSeconds(12));
            return RawReply.Http(200, """{"access_token":"a","expires_in":3600}""");
        });

        var result = await exchange.SendAsync(RefreshTo(server.Uri), Ample, null, CancellationToken.None);

        Assert.Equal((start, TimeSpan.FromSeconds(12)), (result.RequestedAt, result.Duration));
        Assert.Equal(start.AddHours(1), Given.Provider.Classify(result).Tokens!.ExpiresAt);
    }

    [Fact]
    public async Task A_synthetic_request_is_never_sent()
    {
        var refused = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, new GrantMaterial(), Given.Now).Refused();

        await Assert.ThrowsAsync<ArgumentException>(async () => await SendAsync(refused.Synthetic!));
    }

    private async Task<ExchangeResult> SendAsync(TokenRequest request, TimeSpan? deadline = null) =>
        await _exchange.SendAsync(request, deadline ?? Ample, null, CancellationToken.None);

    private static TokenRequest RefreshTo(Uri uri, RequestRules? rules = null, string? token = null)
    {
        var provider = Given.Provider with { Requests = rules ?? new RequestRules() };
        var grant = token is null ? Given.Grant : Given.Grant with { RefreshToken = new Secret(token) };
        return TokenRequestBuilder.Refresh(provider, Given.Client, grant, Given.Now).Ready().To(uri);
    }
}
