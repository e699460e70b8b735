using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Rekindle.Benchmarks.Lines;

namespace Rekindle.Benchmarks.Floors;

/// <summary>
/// The least that refreshes tokens durably: claims a batch in one statement, posts each refresh token, writes the answers in one
/// statement. Tokens are sealed under one prepared key. It keeps no journal, no attempts and no budget, classifies nothing and gives up at
/// the first trouble.
/// </summary>
internal static class FloorRefresher
{
    private const int Loops = 4;
    private const int Batch = 128;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private static readonly byte[] Key = new byte[32];
    private static long _count;

    /// <summary>Its own tables: what is hot apart from what is wide, as a careful author would have it.</summary>
    public static async Task PrepareAsync(string connectionString, int stored)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand(
            """
            create table floor_schedule (id bigint primary key, due_at bigint not null, lease_until bigint) with (fillfactor = 70);
            create table floor_tokens (id bigint primary key, access_token bytea not null, refresh_token bytea not null, expires_at bigint not null) with (fillfactor = 80);
            """,
            connection);
        await create.ExecuteNonQueryAsync();
        await using var fill = new NpgsqlCommand("insert into floor_tokens select n, $1, $2, 0 from generate_series(1, $3) n", connection) { CommandTimeout = 600 };
        fill.Parameters.Add(new() { Value = Cipher.Seal(new string('a', StubProvider.AccessTokenLength)) });
        fill.Parameters.Add(new() { Value = Cipher.Seal(new string('r', StubProvider.RefreshTokenLength)) });
        fill.Parameters.Add(new() { Value = stored });
        await fill.ExecuteNonQueryAsync();
        await using var index = new NpgsqlCommand(
            $"""
            insert into floor_schedule select n, n from generate_series(1, {stored}) n;
            create index floor_due on floor_schedule (due_at) where lease_until is null;
            """,
            connection)
        { CommandTimeout = 600 };
        await index.ExecuteNonQueryAsync();
        await using var vacuum = new NpgsqlCommand("vacuum (analyze) floor_schedule, floor_tokens", connection) { CommandTimeout = 600 };
        await vacuum.ExecuteNonQueryAsync();
    }

    public static Command Command()
    {
        var (connection, endpoint) = (new Argument<string>("connection"), new Argument<Uri>("endpoint") { CustomParser = a => new Uri(a.Tokens[0].Value) });
        var command = new Command("floor-refresher") { connection, endpoint };
        command.Hidden = true;
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(connection)!, parsed.GetValue(endpoint)!));
        return command;
    }

    /// <summary>How many it has stored, by what it has printed.</summary>
    public static long CountIn(string output) => long.TryParse(output.Split('\n')[^1], out var count) ? count : 0;

    private static async Task RunAsync(string connectionString, Uri endpoint)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });
        var loops = Enumerable.Range(0, Loops).Select(_ => LoopAsync(source, http, endpoint)).ToArray();
        while (!loops.Any(l => l.IsCompleted))
        {
            await Task.Delay(20);
            Console.WriteLine(Volatile.Read(ref _count));
        }

        await Task.WhenAny(loops).Unwrap();
    }

    private static async Task LoopAsync(NpgsqlDataSource source, HttpClient http, Uri endpoint)
    {
        while (true)
        {
            var claimed = await ClaimAsync(source);
            var refreshed = await Task.WhenAll(claimed.Select(c => RefreshAsync(http, endpoint, c.Id, c.RefreshToken)));
            await StoreAsync(source, refreshed);
            Interlocked.Add(ref _count, refreshed.Length);
        }
    }

    private static async Task<List<(long Id, byte[] RefreshToken)>> ClaimAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            """
            with picked as (
                select id from floor_schedule where lease_until is null and due_at <= $1 order by due_at limit $2 for update skip locked),
            leased as (update floor_schedule s set lease_until = $3 from picked where s.id = picked.id returning s.id)
            select t.id, t.refresh_token from leased cross join lateral (select * from floor_tokens t where t.id = leased.id offset 0) as t
            """,
            connection);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        command.Parameters.Add(new() { Value = now });
        command.Parameters.Add(new() { Value = Batch });
        command.Parameters.Add(new() { Value = now + 180_000 });
        await command.PrepareAsync();
        await using var reader = await command.ExecuteReaderAsync();
        var claimed = new List<(long, byte[])>(Batch);
        while (await reader.ReadAsync())
        {
            claimed.Add((reader.GetInt64(0), (byte[])reader[1]));
        }

        return claimed;
    }

    private static async Task<Refreshed> RefreshAsync(HttpClient http, Uri endpoint, long id, byte[] refreshToken)
    {
        using var content = new FormUrlEncodedContent(
        [
            new("grant_type", "refresh_token"), new("refresh_token", Cipher.Open(refreshToken)), new("client_id", "bench-client"), new("client_secret", StubProvider.ClientSecret),
        ]);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = content };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var token = await JsonSerializer.DeserializeAsync(body, FloorAnswerJson.Default.FloorAnswer);
        var expires = DateTimeOffset.UtcNow.AddSeconds(token!.ExpiresIn).ToUnixTimeMilliseconds();
        return new Refreshed(id, Cipher.Seal(token.AccessToken), Cipher.Seal(token.RefreshToken!), expires);
    }

    private static async Task StoreAsync(NpgsqlDataSource source, Refreshed[] refreshed)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            """
            with r as (select * from unnest($1, $2, $3, $4) as r (id, access_token, refresh_token, expires_at)),
            stored as (
                update floor_tokens t set access_token = r.access_token, refresh_token = r.refresh_token, expires_at = r.expires_at
                from r where t.id = r.id)
            update floor_schedule s set lease_until = null, due_at = r.expires_at - 600000 from r where s.id = r.id
            """,
            connection);
        Array.Sort(refreshed, static (a, b) => a.Id.CompareTo(b.Id));
        Add(r => r.Id, NpgsqlDbType.Bigint);
        Add(r => r.AccessToken, NpgsqlDbType.Bytea);
        Add(r => r.RefreshToken, NpgsqlDbType.Bytea);
        Add(r => r.ExpiresAt, NpgsqlDbType.Bigint);
        await command.PrepareAsync();
        await command.ExecuteNonQueryAsync();

        void Add<T>(Func<Refreshed, T> value, NpgsqlDbType type) =>
            command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. refreshed.Select(value)], NpgsqlDbType = NpgsqlDbType.Array | type });
    }

    private sealed record Refreshed(long Id, byte[] AccessToken, byte[] RefreshToken, long ExpiresAt);

    /// <summary>AES-GCM under one key, set up once per thread.</summary>
    private static class Cipher
    {
        [ThreadStatic]
        private static AesGcm? _ofThread;

        public static byte[] Seal(string text)
        {
            var plain = Encoding.UTF8.GetBytes(text);
            var result = new byte[NonceSize + plain.Length + TagSize];
            RandomNumberGenerator.Fill(result.AsSpan(0, NonceSize));
            (_ofThread ??= new AesGcm(Key, TagSize)).Encrypt(
                result.AsSpan(0, NonceSize), plain, result.AsSpan(NonceSize, plain.Length), result.AsSpan(NonceSize + plain.Length));
            return result;
        }

        public static string Open(byte[] value)
        {
            var plain = new byte[value.Length - NonceSize - TagSize];
            (_ofThread ??= new AesGcm(Key, TagSize)).Decrypt(
                value.AsSpan(0, NonceSize), value.AsSpan(NonceSize, plain.Length), value.AsSpan(value.Length - TagSize), plain);
            return Encoding.UTF8.GetString(plain);
        }
    }
}
