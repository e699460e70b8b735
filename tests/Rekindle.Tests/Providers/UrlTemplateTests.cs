using Rekindle.Providers;

namespace Rekindle.Tests.Providers;

public sealed class UrlTemplateTests
{
    private static readonly ProviderVariable Shop = new() { Name = "shop" };

    private static readonly ProviderVariable Tenant = new() { Name = "tenant", Kind = VariableKind.PathSegment, Default = "common" };

    private static readonly ProviderVariable Host = new() { Name = "host", Kind = VariableKind.Host, Source = VariableSource.Integration };

    private static readonly ProviderVariable Base = new() { Name = "base_url", Kind = VariableKind.Url, Source = VariableSource.Integration };

    private static readonly ProviderVariable Accounts = new()
    {
        Name = "location",
        Source = VariableSource.Callback,
        Values = new Dictionary<string, string> { ["us"] = "accounts.zoho.com", ["eu"] = "accounts.zoho.eu" },
        Default = "us",
    };

    [Theory]
    [InlineData("acme", "https://acme.myshopify.com/admin/oauth/access_token")]
    [InlineData("ACME", "https://acme.myshopify.com/admin/oauth/access_token")]
    [InlineData("a-1", "https://a-1.myshopify.com/admin/oauth/access_token")]
    [InlineData("x", "https://x.myshopify.com/admin/oauth/access_token")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0", "https://abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0.myshopify.com/admin/oauth/access_token")]
    public void A_label_becomes_one_part_of_the_host(string value, string expected)
    {
        Assert.Equal(expected, Address("https://{shop}.myshopify.com/admin/oauth/access_token", Shop, value));
    }

    [Theory]
    [MemberData(nameof(Injections))]
    [InlineData("a.b")]
    [InlineData("acme.myshopify.com")]
    [InlineData("-acme")]
    [InlineData("acme-")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01")]
    public void A_label_cannot_choose_another_host(string value)
    {
        Refused("https://{shop}.myshopify.com/admin/oauth/access_token", Shop, value);
    }

    [Theory]
    [MemberData(nameof(Injections))]
    [InlineData("a..b")]
    [InlineData(".hidden")]
    [InlineData("-x")]
    public void A_path_segment_cannot_leave_its_place(string value)
    {
        Refused("https://login.example.com/{tenant}/token", Tenant, value);
    }

    [Theory]
    [MemberData(nameof(Injections))]
    [InlineData("https://gitlab.example.com")]
    [InlineData("gitlab.example.com.")]
    [InlineData("gitlab..example.com")]
    [InlineData("gitlab.example.com:0")]
    [InlineData("gitlab.example.com:99999")]
    [InlineData("127.1")]
    public void A_host_is_a_name_with_a_port_at_most(string value)
    {
        Refused("https://{host}/oauth/token", Host, value);
    }

    [Theory]
    [InlineData("gitlab.example.com", "https://gitlab.example.com/oauth/token")]
    [InlineData("GitLab.Example.com:8443", "https://gitlab.example.com:8443/oauth/token")]
    [InlineData("gitlab:443", "https://gitlab/oauth/token")]
    public void The_operator_may_name_a_host(string value, string expected)
    {
        Assert.Equal(expected, Address("https://{host}/oauth/token", Host, value));
    }

    [Theory]
    [InlineData("http://auth.example.com")]
    [InlineData("ftp://auth.example.com")]
    [InlineData("javascript:alert(1)")]
    [InlineData("//auth.example.com")]
    [InlineData("auth.example.com")]
    [InlineData("https://")]
    [InlineData("https://user@auth.example.com")]
    [InlineData("https://user:secret@auth.example.com/")]
    [InlineData("https://@auth.example.com/")]
    [InlineData("https://auth.example.com\\@evil.com")]
    [InlineData("https://auth.example.com/#fragment")]
    [InlineData("https://auth.example.com/?a=b")]
    [InlineData("https://auth。example。com/")]
    [InlineData("https://auth.example.com/a/../..")]
    [InlineData("https://auth.example.com/%2e%2e/x")]
    [InlineData("http://127.0.0.1:5000")]
    public void An_operators_address_is_a_plain_https_address(string value)
    {
        Refused("{base_url}/token", Base, value);
    }

    [Theory]
    [InlineData("https://auth.example.com", "https://auth.example.com/token")]
    [InlineData("https://auth.example.com/", "https://auth.example.com/token")]
    [InlineData("https://auth.example.com:8443/realms/a", "https://auth.example.com:8443/realms/a/token")]
    public void A_path_is_put_after_an_operators_address(string value, string expected)
    {
        Assert.Equal(expected, Address("{base_url}/token", Base, value));
    }

    [Fact]
    public void A_whole_address_keeps_its_query()
    {
        Assert.Equal("https://auth.example.com/token?version=2", Address("{base_url}", Base, "https://auth.example.com/token?version=2"));
    }

    [Theory]
    [InlineData("http://127.0.0.1:5000/token", true)]
    [InlineData("http://localhost:5000/token", true)]
    [InlineData("http://[::1]:5000/token", true)]
    [InlineData("http://simulator:5000/token", false)]
    [InlineData("http://10.0.0.1/token", false)]
    [InlineData("http://localhost.evil.com/token", false)]
    public void Plain_http_reaches_loopback_only_and_only_when_allowed(string value, bool allowed)
    {
        var provider = Provider(Base);
        var values = new Dictionary<string, string> { ["base_url"] = value };

        Assert.IsType<UrlExpansion.Refused>(UrlTemplate.Expand("{base_url}", provider, values));
        var expansion = UrlTemplate.Expand("{base_url}", provider with { AllowsInsecureEndpoints = true }, values);
        Assert.Equal(allowed, expansion is UrlExpansion.Expanded);
    }

    [Theory]
    [InlineData(null, "https://accounts.zoho.com/oauth/v2/token")]
    [InlineData("", "https://accounts.zoho.com/oauth/v2/token")]
    [InlineData("eu", "https://accounts.zoho.eu/oauth/v2/token")]
    public void A_listed_value_is_replaced_by_its_text(string? value, string expected)
    {
        Assert.Equal(expected, Address("https://{location}/oauth/v2/token", Accounts, value));
    }

    [Theory]
    [MemberData(nameof(Injections))]
    [InlineData("accounts.zoho.eu")]
    [InlineData("EU")]
    [InlineData("cn")]
    public void A_value_that_is_not_listed_is_refused(string value)
    {
        Refused("https://{location}/oauth/v2/token", Accounts, value);
    }

    [Fact]
    public void A_missing_value_is_named()
    {
        var refused = Assert.IsType<UrlExpansion.Refused>(UrlTemplate.Expand("https://{shop}.myshopify.com/", Provider(Shop), Empty));

        Assert.Equal("shop", refused.Variable);
        Assert.Contains("no value", refused.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_optional_address_without_value_is_absent()
    {
        var provider = Provider(Base with { Optional = true });

        Assert.Equal(new UrlExpansion.Absent("base_url"), UrlTemplate.Expand("{base_url}", provider, Empty));
    }

    [Fact]
    public void A_refusal_never_repeats_the_value()
    {
        var refused = Assert.IsType<UrlExpansion.Refused>(Expand("https://{shop}.myshopify.com/", Shop, "evil.example/"));

        Assert.DoesNotContain("evil", refused.ToString(), StringComparison.Ordinal);
    }

    public static TheoryData<string> Injections =>
    [
        "evil.com/", "evil.com#", "evil.com?", "evil.com\\", "evil.com%2f", "a/b", "a%2fb", "..", ".", "../x", "%2e%2e", "a@b", "a:b@c", "a b", " a", "a ",
        "a\n", "a\r\nHost: evil.com", "a\0", "a\tb", "ｅvil", "a。b", "a．b", "a｡b", "é", "a_b/", "{shop}", "a;b", "a,b", "[::1]", "a\u200bb", "аcme",
    ];

    private static readonly Dictionary<string, string> Empty = [];

    private static string Address(string template, ProviderVariable variable, string? value) =>
        Assert.IsType<UrlExpansion.Expanded>(Expand(template, variable, value)).Url.AbsoluteUri;

    private static void Refused(string template, ProviderVariable variable, string value) =>
        Assert.IsType<UrlExpansion.Refused>(Expand(template, variable, value));

    private static UrlExpansion Expand(string template, ProviderVariable variable, string? value) =>
        UrlTemplate.Expand(template, Provider(variable), value is null ? Empty : new() { [variable.Name] = value });

    private static ProviderDefinition Provider(ProviderVariable variable) =>
        new() { Key = "test", DisplayName = "Test", Endpoints = new(), Variables = [variable] };
}
