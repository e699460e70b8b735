using System.Security.Cryptography;
using System.Text;
using Rekindle.Encryption;

namespace Rekindle.Tests.Encryption;

[Trait("Req", "D5")]
public sealed class FingerprinterTests
{
    private static readonly KeyRing Ring = KeyRing.Generate(DateTimeOffset.UnixEpoch);
    private static readonly Fingerprinter Fingerprinter = new(Ring);

    [Fact]
    public void The_same_token_has_the_same_fingerprint_of_64_bits()
    {
        var fingerprint = Fingerprinter.Of(new Secret("token-one"));

        Assert.Matches("^[0-9a-f]{16}$", fingerprint);
        Assert.Equal(fingerprint, Fingerprinter.Of(new Secret("token-one")));
        Assert.NotEqual(fingerprint, Fingerprinter.Of(new Secret("token-two")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(2047)]
    [InlineData(20_000)]
    public async Task It_is_the_beginning_of_the_tokens_keyed_hash_on_every_thread_and_after_every_other_token(int length)
    {
        var token = new string('ü', length);
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData(Ring.FingerprintKey, Encoding.UTF8.GetBytes(token)).AsSpan(0, 8));

        Assert.Equal(expected, Fingerprinter.Of(new Secret(token)));
        Assert.Equal(expected, Fingerprinter.Of(new SealedSecret(Encoding.UTF8.GetBytes(token))));
        Assert.Equal(expected, await Task.Run(() => Fingerprinter.Of(new Secret(token)), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Without_the_key_a_fingerprint_cannot_be_computed()
    {
        var other = new Fingerprinter(KeyRing.Generate(DateTimeOffset.UnixEpoch));

        Assert.NotEqual(Fingerprinter.Of(new Secret("token")), other.Of(new Secret("token")));
    }

    [Theory]
    [InlineData("v^1.1#i^1#f^0#r^1", "")]
    [InlineData("v^1.1#i^1#f^0#r^1#p^3", "v^1.")]
    [InlineData("1234567890123456789", "")]
    [InlineData("12345678901234567890", "1234")]
    public void The_masked_prefix_is_at_most_four_characters_of_long_tokens(string token, string expected)
    {
        Assert.Equal(expected, Fingerprinter.MaskedPrefix(new Secret(token)));
    }
}
