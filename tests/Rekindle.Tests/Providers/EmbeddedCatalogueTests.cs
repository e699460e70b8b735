using Rekindle.Providers;

namespace Rekindle.Tests.Providers;

public sealed class EmbeddedCatalogueTests
{
    private static readonly ProviderCatalogue Catalogue = ProviderCatalogue.Load();

    [Fact]
    public void It_loads_and_finds_its_entries()
    {
        Assert.Equal("Google", Catalogue.Find("google")?.DisplayName);
        Assert.Null(Catalogue.Find("Google"));
        Assert.Null(Catalogue.Find("nobody"));
    }

    [Fact]
    public void A_variant_inherits_all_but_what_it_says_itself()
    {
        var (production, sandbox) = (Catalogue.Find("ebay")!, Catalogue.Find("ebay-sandbox")!);

        Assert.Equal(production.Lifecycle, sandbox.Lifecycle);
        Assert.Equal("https://api.sandbox.ebay.com/identity/v1/oauth2/token", sandbox.Endpoints.Token);
        Assert.Equal(production.Identity with { Url = sandbox.Identity.Url }, sandbox.Identity);
        Assert.NotEqual(production.Identity.Url, sandbox.Identity.Url);
    }
}
