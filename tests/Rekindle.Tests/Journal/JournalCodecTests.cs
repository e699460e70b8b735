using System.Text;
using System.Text.Json;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Tests.Journal;

[Trait("Req", "F4")]
public sealed class JournalCodecTests
{
    [Fact]
    public void Every_kind_of_record_comes_back_as_it_was_written()
    {
        for (var version = 1; version <= 30; version++)
        {
            var kept = Given.Kept(version);

            var read = Assert.IsType<JournalRecord.Kept>(Read(Bytes(kept)));

            Assert.Equal(Flat(kept), Flat(read));
            Assert.Equal(kept.Result.Tokens.AccessToken.Bytes, read.Result.Tokens.AccessToken.Bytes);
            Assert.Equal(kept.Result.Tokens.RefreshToken?.Bytes, read.Result.Tokens.RefreshToken?.Bytes);
        }

        JournalRecord[] others =
        [
            new JournalRecord.Sent(Guid.NewGuid(), new ConnectionId(42), Given.Now),
            new JournalRecord.Settled(Guid.NewGuid(), Given.Now),
            new JournalRecord.Deleted(new ConnectionId(42), "deleted by you", Given.Now),
        ];
        Assert.All(others, o => Assert.Equal(o, Read(Bytes(o))));
    }

    [Fact]
    public void A_connection_after_a_new_grant_or_a_lever_comes_back_as_it_was_written()
    {
        var state = new ConnectionSnapshot
        {
            Connection = new Connection
            {
                Id = new ConnectionId(42),
                Key = new ConnectionKey("production", "mail", "acme", "user-ä", "default", ""),
                IntegrationId = 7,
                Status = ConnectionStatus.NeedsReauthorization,
                DisconnectReason = DisconnectReason.Consent,
                Metadata = new Dictionary<string, string> { ["region"] = "eu" },
                Variables = new Dictionary<string, string> { ["host"] = "eu1" },
                ConsecutiveFailures = 2,
                CreatedAt = Given.Now,
                UpdatedAt = Given.Now,
            },
            Tokens = new TokenSet
            {
                GrantNo = 3,
                Version = 9,
                AccessToken = new SealedSecret([1, 2, 3]),
                RefreshToken = new SealedSecret([4, 5]),
                PreviousRefreshToken = new SealedSecret([6]),
                PreviousSentAt = Given.Now.AddHours(-1),
                Fallback = Fallback.InUse,
                IssuedAt = Given.Now,
                ExpiresAt = Given.Now.AddHours(1),
                ExpirySource = ExpirySource.Jwt,
                Scopes = ["read", "write"],
                ClientId = "client",
            },
            DueAt = Given.Now.AddMinutes(50),
            Epoch = 4,
        };

        var read = Assert.IsType<JournalRecord.Changed>(Read(Bytes(new JournalRecord.Changed(state, Given.Now))));

        Assert.Equal(JsonSerializer.Serialize(state), JsonSerializer.Serialize(read.State));
        Assert.Equal(state.Tokens.RefreshToken!.Bytes, read.State.Tokens!.RefreshToken!.Bytes);
    }

    [Fact]
    public void A_record_that_is_cut_anywhere_is_refused_and_never_half_read()
    {
        var bytes = Bytes(Given.Kept());

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Read(bytes[..length]));
        }
    }

    [Fact]
    public void A_length_that_points_beyond_the_record_allocates_nothing()
    {
        var bytes = Bytes(Given.Kept());

        // The access token's length stands after kind, time, grant, version and epoch.
        BitConverter.TryWriteBytes(bytes.AsSpan(1 + 8 + 12), int.MaxValue);

        Assert.Throws<InvalidDataException>(() => Read(bytes));
    }

    [Fact]
    public void A_kind_of_a_later_version_is_named_as_such()
    {
        var bytes = Bytes(Given.Kept());
        bytes[0] = 200;

        var refused = Assert.Throws<InvalidDataException>(() => Read(bytes));

        Assert.Contains("later version", refused.Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(JournalRecord record)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            JournalCodec.Write(writer, record);
        }

        return stream.ToArray();
    }

    private static JournalRecord Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        return JournalCodec.Read(reader);
    }

    private static string Flat(JournalRecord.Kept kept) => JsonSerializer.Serialize(new
    {
        kept.At,
        kept.Result.GrantNo,
        kept.Result.Version,
        kept.Result.Epoch,
        kept.Result.Variables,
        kept.Result.DueAt,
        kept.Result.Tokens.IssuedAt,
        kept.Result.Tokens.ExpiresAt,
        kept.Result.Tokens.ExpirySource,
        kept.Result.Tokens.RefreshTokenExpiresAt,
        kept.Result.Tokens.Scopes,
        kept.Result.Tokens.TokenType,
        Attempt = kept.Result.Attempt.ToString(),
    });
}
