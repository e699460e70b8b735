using System.Buffers.Text;
using Rekindle.Encryption;

namespace Rekindle.Tests.Encryption;

[Trait("Req", "D4")]
public sealed class CiphertextLookalikeTests
{
    [Fact]
    public void Our_own_sealed_values_are_recognised_however_they_became_text()
    {
        var bytes = new Sealer(KeyRing.Generate(DateTimeOffset.UnixEpoch)).Seal(new Secret("t"), new SealContext("production", "1", SecretKind.RefreshToken)).Bytes;

        string[] texts =
        [
            Convert.ToBase64String(bytes),
            Base64Url.EncodeToString(bytes),
            Convert.ToHexString(bytes),
            "\\x" + Convert.ToHexStringLower(bytes),
            "0x" + Convert.ToHexString(bytes),
            "  " + Convert.ToBase64String(bytes) + "\n",
        ];

        Assert.All(texts, text => Assert.Equal("Rekindle", CiphertextLookalike.Find(text)));
    }

    [Theory]
    [InlineData("ENC:k1:0123456789abcdef")]
    [InlineData("enc:v1:AAAA")]
    [InlineData("encrypted:abc")]
    [InlineData("ENC(Tm90IGEgdG9rZW4=)")]
    [InlineData("ENC[AES256_GCM,data:abc,iv:def,tag:ghi,type:str]")]
    [InlineData("{cipher}0123456789abcdef")]
    [InlineData("vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==")]
    [InlineData("AQICAHhnotarealblob0123456789")]
    [InlineData("U2FsdGVkX1+vupppZksvRf5pq5g5XjFRlipRkwB0K1Y=")]
    [InlineData("$ANSIBLE_VAULT;1.1;AES256")]
    [InlineData("-----BEGIN PGP MESSAGE-----\n\nhQEMA")]
    [InlineData("-----BEGIN AGE ENCRYPTED FILE-----")]
    [InlineData("<secret:48>")]
    [InlineData("<sealed:92>")]
    [InlineData("[REDACTED]")]
    [InlineData("***")]
    public void Foreign_envelopes_and_redactions_are_recognised(string text)
    {
        Assert.NotNull(CiphertextLookalike.Find(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("v^1.1#i^1#f^0#r^1#I^3#p^3#t^Ul4xMF8x")]
    [InlineData("ya29.a0AfB_byC")]
    [InlineData("1//0gAAAAAexample")]
    [InlineData("gAAAAABhZ0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl==")]
    [InlineData("xoxe-1-My0xLTEyMzQ")]
    [InlineData("AQXdSP_W41_UPs5ioT_t8HESyODB4FqbkJ8LrV_5mff4gPODzOYR")]
    [InlineData("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.ZW5j.aXY.Y2lwaGVy.dGFn")]
    [InlineData("rekindle-demo-token")]
    [InlineData("rekindleA")]
    [InlineData("-----BEGIN PRIVATE KEY-----")]
    [InlineData("encoded-token")]
    public void Tokens_are_not(string text)
    {
        Assert.Null(CiphertextLookalike.Find(text));
    }

    [Fact]
    public void A_secret_can_be_asked_about_without_revealing_it()
    {
        Assert.Equal("Jasypt", CiphertextLookalike.Find(new Secret("ENC(abc)")));
    }

    [Fact]
    public void Random_tokens_are_not()
    {
        var random = new Random(4711);
        var bytes = new byte[48];
        for (var i = 0; i < 100_000; i++)
        {
            random.NextBytes(bytes);

            Assert.Null(CiphertextLookalike.Find(Base64Url.EncodeToString(bytes)));
        }
    }
}
