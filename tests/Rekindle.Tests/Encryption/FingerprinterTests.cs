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
