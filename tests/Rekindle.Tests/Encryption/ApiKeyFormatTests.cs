using Rekindle.Encryption;

namespace Rekindle.Tests.Encryption;

public sealed class ApiKeyFormatTests
{
    [Theory]
    [InlineData("production")]
    [InlineData("eu-1")]
    [InlineData("with_the_separator")]
    public void A_minted_key_can_be_parsed_and_matches_its_hash(string environment)
    {
        var minted = ApiKeyFormat.Mint(environment);
        var text = minted.Key.Reveal();

        Assert.Matches($"^rk_{environment}_[0-9a-f]{{12}}_[0-9a-f]{{64}}$", text);
        Assert.True(ApiKeyFormat.TryParse(text, out var parsedEnvironment, out var keyId));
        Assert.Equal(environment, parsedEnvironment);
        Assert.Equal(minted.Id, keyId);
        Assert.True(ApiKeyFormat.Matches(text, minted.Hash));
    }

    [Fact]
    public void Another_key_does_not_match()
    {
        var minted = ApiKeyFormat.Mint("production");
        var text = minted.Key.Reveal();
        var changed = text[..^1] + (text[^1] == '0' ? '1' : '0');

        Assert.False(ApiKeyFormat.Matches(changed, minted.Hash));
        Assert.False(ApiKeyFormat.Matches(text, ApiKeyFormat.Mint("production").Hash));
        Assert.False(ApiKeyFormat.Matches(text.Replace("production", "sandbox", StringComparison.Ordinal), minted.Hash));
        Assert.False(ApiKeyFormat.Matches(text, []));
    }

    public static TheoryData<string?> Malformed()
    {
        var key = ApiKeyFormat.Mint("production").Key.Reveal();
        return
        [
            (string?)null, "", "rk_", "Bearer", key[..^1], key + "0", key.ToUpperInvariant(), "xx" + key[2..],
            key.Replace("rk_production", "rk_", StringComparison.Ordinal),
            key.Replace("production", "Produc tion", StringComparison.Ordinal),
            key.Replace("production", "prodücti", StringComparison.Ordinal),
            key[..^1] + "g", key[..^1] + "\0", key[..^65] + "-" + key[^64..],
        ];
    }

    [Theory]
    [MemberData(nameof(Malformed), DisableDiscoveryEnumeration = true)]
    public void Malformed_keys_are_not_parsed(string? text)
    {
        Assert.False(ApiKeyFormat.TryParse(text, out _, out _));
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void An_environment_that_could_not_be_parsed_back_is_refused(string environment)
    {
        Assert.Throws<ArgumentException>(() => ApiKeyFormat.Mint(environment));
    }
}
