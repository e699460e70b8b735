using System.Text.Json;
using Rekindle.Attempts;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Attempts;

[Trait("Req", "D5")]
public sealed class TokenStagesTests
{
    private static readonly ProviderDefinition Ebay = ProviderCatalogue.Load(new ProviderCatalogueOptions()).Find("ebay")!;

    private readonly TokenStages _stages = new(new Fingerprinter(KeyRing.Generate(DateTimeOffset.UnixEpoch)));

    [Fact]
    public void Equal_tokens_have_equal_stages_and_others_have_not()
    {
        var one = _stages.Of(Opened("v^1.1#i^1#r^1#first-token"), Ebay, sent: true);
        var same = _stages.Of(Opened("v^1.1#i^1#r^1#first-token"), Ebay, sent: true);
        var other = _stages.Of(Opened("v^1.1#i^1#r^1#other-token"), Ebay, sent: true);

        Assert.Equal(one, same);
        Assert.NotEqual(Fingerprint(one, "sent"), Fingerprint(other, "sent"));
        Assert.Equal(Fingerprint(one, "opened"), Fingerprint(one, "sent"));
    }

    [Fact]
    public void A_token_that_begins_unusually_is_a_finding_and_one_as_usual_is_none()
    {
        using var usual = JsonDocument.Parse(_stages.Of(Opened("v^1.1#i^1#r^1#first-token"), Ebay, sent: true));
        using var odd = JsonDocument.Parse(_stages.Of(Opened("ENQ:9f8e7d6c5b4a39281716"), Ebay, sent: true));

        Assert.False(usual.RootElement.TryGetProperty("finding", out _));
        var finding = odd.RootElement.GetProperty("finding").GetString()!;
        Assert.Contains("usually begin with v^1.", finding, StringComparison.Ordinal);
        Assert.DoesNotContain("9f8e", finding, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stage_that_was_not_reached_is_null()
    {
        using var stages = JsonDocument.Parse(_stages.Of(new OpenedGrant(new GrantMaterial(), "damaged", new SealedSecret([1, 2, 3]), null), Ebay, sent: false));

        Assert.Equal(3, stages.RootElement.GetProperty("stored").GetProperty("length").GetInt32());
        Assert.Equal(JsonValueKind.Null, stages.RootElement.GetProperty("opened").ValueKind);
        Assert.Equal(JsonValueKind.Null, stages.RootElement.GetProperty("sent").ValueKind);
    }

    private static OpenedGrant Opened(string refreshToken)
    {
        var token = new Secret(refreshToken);
        return new OpenedGrant(new GrantMaterial { RefreshToken = token }, null, new SealedSecret([1, 2, 3]), token);
    }

    private static string? Fingerprint(string stages, string stage)
    {
        using var document = JsonDocument.Parse(stages);
        return document.RootElement.GetProperty(stage).GetProperty("fingerprint").GetString();
    }
}
