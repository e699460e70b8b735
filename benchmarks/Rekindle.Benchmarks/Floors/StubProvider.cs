using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rekindle.Benchmarks.Floors;

/// <summary>
/// A token endpoint that costs next to nothing: whatever is posted to it, it answers with a new access token of 900 bytes and a
/// new refresh token; under <c>/app</c> without one, as applications get that ask in their own name. The access token begins with the microsecond in which the answer was written, for who wants to know how long ago
/// that was.
/// </summary>
internal static class StubProvider
{
    public const int AccessTokenLength = 900;
    public const int RefreshTokenLength = 200;
    public const string StampPrefix = "at_";

    /// <summary>What clients here prove themselves with; it resembles no other word.</summary>
    public const string ClientSecret = "GXQ-4f9sK2dLq0VxZ7tRn1bYwE";

    private static long _count;

    public static Command Command()
    {
        var port = new Argument<int>("port");
        var command = new Command("stub-provider") { port };
        command.Hidden = true;
        command.SetAction((parsed, cancelled) => RunAsync(parsed.GetValue(port), cancelled));
        return command;
    }

    /// <summary>When the answer with this token was written, in microseconds since 1970.</summary>
    public static long StampOf(string accessToken) =>
        long.Parse(accessToken.AsSpan(StampPrefix.Length, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static long NowMicroseconds() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static async Task RunAsync(int port, CancellationToken cancelled)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        while (!cancelled.IsCancellationRequested)
        {
            _ = ServeAsync(await listener.AcceptAsync(cancelled));
        }
    }

    private static async Task ServeAsync(Socket client)
    {
        client.NoDelay = true;
        var received = new byte[8192];
        var (forUsers, forApps) = (Answer.Create(withRefreshToken: true), Answer.Create(withRefreshToken: false));
        var length = 0;
        try
        {
            while (true)
            {
                var read = await client.ReceiveAsync(received.AsMemory(length), SocketFlags.None);
                if (read == 0)
                {
                    return;
                }

                length += read;
                if (!IsWhole(received.AsSpan(0, length)))
                {
                    continue;
                }

                length = 0;
                var answer = received.AsSpan().StartsWith("POST /app"u8) ? forApps : forUsers;
                await client.SendAsync(answer.Next(Interlocked.Increment(ref _count)), SocketFlags.None);
            }
        }
        catch (SocketException)
        {
            // The caller is gone.
        }
        finally
        {
            client.Dispose();
        }
    }

    // One request at a time per connection: it is whole when as many bytes follow its head as the head says.
    private static bool IsWhole(ReadOnlySpan<byte> request)
    {
        var head = request.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return false;
        }

        var at = request[..head].IndexOf("Content-Length: "u8);
        return at < 0 || (System.Buffers.Text.Utf8Parser.TryParse(request[(at + 16)..head], out int body, out _) && request.Length >= head + 4 + body);
    }

    /// <summary>A rendered answer in which only the changing digits are written anew.</summary>
    private sealed class Answer(byte[] bytes, int accessAt, int? refreshAt)
    {
        public static Answer Create(bool withRefreshToken)
        {
            var access = $"{StampPrefix}{new string('0', 16)}_{new string('0', 16)}_".PadRight(AccessTokenLength, 'a');
            var refresh = withRefreshToken ? $"\"refresh_token\":\"{$"rt_{new string('0', 16)}_".PadRight(RefreshTokenLength, 'r')}\"," : "";
            var body = $$"""{"access_token":"{{access}}","expires_in":3600,{{refresh}}"scope":"read write","token_type":"Bearer"}""";
            var head = $"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Length: {body.Length}\r\n\r\n";
            return new Answer(
                Encoding.ASCII.GetBytes(head + body),
                head.Length + body.IndexOf(StampPrefix, StringComparison.Ordinal) + StampPrefix.Length,
                withRefreshToken ? head.Length + body.IndexOf("rt_", StringComparison.Ordinal) + "rt_".Length : null);
        }

        public byte[] Next(long number)
        {
            NowMicroseconds().TryFormat(bytes.AsSpan(accessAt), out _, "x16");
            number.TryFormat(bytes.AsSpan(accessAt + 17), out _, "x16");
            if (refreshAt is { } at)
            {
                number.TryFormat(bytes.AsSpan(at), out _, "x16");
            }

            return bytes;
        }
    }
}
