using System.Text;
using Rekindle.Providers;

namespace Rekindle.Tests.Providers;

/// <summary>Every mistake of an entry is named with its line and field, and says what to do.</summary>
public sealed class CatalogueMistakeTests
{
    private const string Head = """
        key: acme
        display_name: Acme
        endpoints:
          authorize: https://acme.example/authorize
          token: https://acme.example/token

        """;

    [Fact]
    public void An_entry_needs_four_fields_only()
    {
        var acme = Parse(Head).Find("acme")!;

        Assert.Equal("https://acme.example/token", acme.Endpoints.Token);
        Assert.Equal(ReuseRule.Strict, acme.Lifecycle.EffectiveReuse);
    }

    [Fact]
    public void Every_mistake_of_every_file_is_reported_at_once()
    {
        const string first = """
            key: first
            display_name: First
            endpoints: { authorize: ftp://a.example/, tokn: https://a.example/token }
            requests: { pkce: maybe }
            """;
        const string second = """
            key: second
            endpoints: { authorize: https://a.example/, token: https://a.example/token }
            colour: blue
            """;

        var exception = Assert.Throws<ProviderCatalogueException>(() => ProviderCatalogue.Parse(false, first, second));

        Assert.Equal(
            [
                "text-1.yaml:3 endpoints.authorize",
                "text-1.yaml:3 endpoints.token",
                "text-1.yaml:3 endpoints.tokn",
                "text-1.yaml:4 requests.pkce",
                "text-2.yaml:1 display_name",
                "text-2.yaml:3 colour",
            ],
            exception.Errors.Select(error => $"{error.File}:{error.Line} {error.Field}").Order(StringComparer.Ordinal));
        Assert.StartsWith("The provider catalogue has 6 mistakes; nothing was loaded.\n  text-1.yaml:3: ", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    // Names and types
    [InlineData("requests: { client_autentication: post }", 6, "requests.client_autentication", "unknown field")]
    [InlineData("requests: { clientAuthentication: post }", 6, "requests.clientAuthentication", "did you mean `client_authentication`")]
    [InlineData("requests: [post]", 6, "requests", "must hold fields of its own")]
    [InlineData("requests: { client_authentication: bearer }", 6, "requests.client_authentication", "must be one of: post, basic, basic_unencoded")]
    [InlineData("requests: { client_authentication: [post] }", 6, "requests.client_authentication", "must be a single value")]
    [InlineData("requests: { callback_hmac: yes }", 6, "requests.callback_hmac", "`true` or `false`")]
    [InlineData("requests:\n  pkce: allowed\n  headers:\n    X: [1]", 9, "requests.headers.X", "must be a single value")]
    [InlineData("response: { access_token: token }", 6, "response.access_token", "must be a list")]
    [InlineData("response: { access_token: [a..b] }", 6, "response.access_token", "must be paths")]
    [InlineData("response: { access_token: [] }", 6, "response.access_token", "at least one path")]
    [InlineData("version: 0", 6, "version", "whole number from 1")]
    [InlineData("verified_on: 21.11.2026", 6, "verified_on", "a date such as 2026-11-21")]
    [InlineData("links: { status: status.acme.example }", 6, "links.status", "complete https:// address")]
    // Addresses and their variables
    [InlineData("endpoints: { token: 'https://acme.example/{tenant}' }", 6, "endpoints.token", "{tenant} is not declared", true)]
    [InlineData("endpoints: { token: 'https://acme.example/{Tenant}' }", 6, "endpoints.token", "does not open a placeholder", true)]
    [InlineData("endpoints: { token: 'https://acme.example/}' }", 6, "endpoints.token", "} without its {", true)]
    [InlineData("endpoints: { token: http://acme.example/ }", 6, "endpoints.token", "not a usable https address", true)]
    [InlineData("endpoints: { token: http://127.0.0.1/ }", 6, "endpoints.token", "not a usable https address", true)]
    [InlineData("endpoints: { token: https://user@acme.example/ }", 6, "endpoints.token", "not a usable https address", true)]
    [InlineData("endpoints: { token: https://acme.example/#x }", 6, "endpoints.token", "not a usable https address", true)]
    [InlineData("endpoints: { token: acme.example/token }", 6, "endpoints.token", "must begin with https://", true)]
    [InlineData("endpoints: { token: '{host}/token' }\nvariables: { host: { kind: host, source: integration } }", 6, "endpoints.token", "must be of kind url", true)]
    [InlineData("endpoints: { token: '{base}token' }\nvariables: { base: { kind: url, source: integration } }", 6, "endpoints.token", "only a path such as /token may follow", true)]
    [InlineData("endpoints: { token: 'https://{base}/' }\nvariables: { base: { kind: url, source: integration } }", 6, "endpoints.token", "only stand at the beginning", true)]
    [InlineData("variables: { tenant: { kind: dns_label } }", 6, "variables.tenant", "declared and used nowhere")]
    [InlineData("variables: { Tenant: { kind: dns_label } }", 6, "variables.Tenant", "must be named with lower case")]
    // DESIGN §5: what may reach a host
    [InlineData("endpoints: { token: 'https://{shop}/' }\nvariables: { shop: { kind: dns_label } }", 6, "endpoints.token", "could choose the host", true)]
    [InlineData("endpoints: { token: 'https://{shop}.com/' }\nvariables: { shop: { kind: dns_label } }", 6, "endpoints.token", "could choose the host", true)]
    [InlineData("endpoints: { token: 'https://api{shop}.acme.example/' }\nvariables: { shop: { kind: dns_label } }", 6, "endpoints.token", "could choose the host", true)]
    [InlineData("endpoints: { token: 'https://acme.example{shop}/' }\nvariables: { shop: { kind: dns_label } }", 6, "endpoints.token", "could choose the host", true)]
    [InlineData("endpoints: { token: 'https://acme.{shop}/' }\nvariables: { shop: { kind: dns_label } }", 6, "endpoints.token", "could choose the host", true)]
    [InlineData("endpoints: { token: 'https://{shop}.acme.example/' }\nvariables: { shop: { kind: path_segment } }", 6, "endpoints.token", "would reach the host", true)]
    [InlineData("endpoints: { token: 'https://{host}/' }\nvariables: { host: { kind: host } }", 7, "variables.host.source", "must be `integration`", true)]
    [InlineData("endpoints: { token: '{base}' }\nvariables: { base: { kind: url, source: callback } }", 7, "variables.base.source", "must be `integration`", true)]
    [InlineData("endpoints: { token: 'https://a.{host}/' }\nvariables: { host: { kind: host, source: integration } }", 6, "endpoints.token", "must be the whole host", true)]
    [InlineData("endpoints: { token: 'https://acme.example/{host}' }\nvariables: { host: { kind: host, source: integration } }", 6, "endpoints.token", "in place of the host", true)]
    [InlineData("endpoints: { token: 'https://{dc}/' }\nvariables: { dc: { values: { eu: acme.eu/evil } } }", 7, "variables.dc.values.eu", "must be letters, digits", true)]
    [InlineData("endpoints: { token: 'https://{dc}/' }\nvariables: { dc: { values: { eu: 'acme..eu' } } }", 6, "endpoints.token", "not a usable https address", true)]
    [InlineData("endpoints: { token: 'https://{dc}/' }\nvariables: { dc: { values: { eu: acme.eu }, default: us } }", 7, "variables.dc.default", "must be one of: eu", true)]
    [InlineData("endpoints: { token: 'https://{s}.acme.example/' }\nvariables: { s: { default: a.b } }", 7, "variables.s.default", "must be one name", true)]
    [InlineData("endpoints: { token: '{base}' }\nvariables: { base: { kind: url, source: integration, default: http://a.example } }", 7, "variables.base.default", "complete https://", true)]
    [InlineData("endpoints: { token: 'https://{s}.acme.example/' }\nvariables: { s: { optional: true } }", 7, "variables.s.optional", "only for kind url", true)]
    [InlineData("endpoints: { token: 'https://{s}.acme.example/' }\nvariables: { s: { from: shop } }", 7, "variables.s.from", "no meaning", true)]
    // Requests
    [InlineData("requests: { refresh_method: GET }", 6, "requests.refresh_method", "`refresh_format: query`")]
    [InlineData("requests: { refresh_method: PATCH }", 6, "requests.refresh_method", "must be POST or GET")]
    [InlineData("requests: { revoke_method: PUT }", 6, "requests.revoke_method", "must be POST or DELETE")]
    [InlineData("requests: { revoke_token: id_token }", 6, "requests.revoke_token", "refresh_token or access_token")]
    [InlineData("requests: { scope_separator: '' }", 6, "requests.scope_separator", "must not be empty")]
    [InlineData("requests: { refresh_parameters: { client_secret: x } }", 6, "requests.refresh_parameters.client_secret", "written by Rekindle itself")]
    [InlineData("requests: { headers: { Authorization: Basic x } }", 6, "requests.headers.Authorization", "not a header that an entry may set")]
    [InlineData("requests: { headers: { X-A: \"a\\nb\" } }", 6, "requests.headers.X-A", "must not contain control characters")]
    [InlineData("requests: { headers: { X-A: \u00e4 } }", 6, "requests.headers.X-A", "not a header that an entry may set")]
    [InlineData("requests: { redirect_uri_variable: ru_name }", 6, "requests.redirect_uri_variable", "is not declared")]
    [InlineData("requests: { upgrade_grant_type: x }", 6, "requests.upgrade_grant_type", "both or neither")]
    [InlineData("endpoints: { refresh: https://acme.example/r }\nrequests: { refresh_kind: none }", 6, "endpoints.refresh", "contradicts `refresh_kind: none`", true)]
    // Identity
    [InlineData("identity: { source: request }", 6, "identity.url", "the field is missing")]
    [InlineData("identity: { source: id_token, url: https://acme.example/me }", 6, "identity.url", "contradicts the source")]
    [InlineData("identity: { source: id_token, path: '' }", 6, "identity.path", "must be a path")]
    // Lifecycle facts
    [InlineData("lifecycle: { rotation: always }", 6, "lifecycle.rotation", "must hold fields of its own")]
    [InlineData("lifecycle: { rotation: { confidence: assumed } }", 6, "lifecycle.rotation.value", "the field is missing")]
    [InlineData("lifecycle: { rotation: { value: always } }", 6, "lifecycle.rotation.confidence", "the field is missing")]
    [InlineData("lifecycle: { rotation: { value: always, confidence: certain } }", 6, "lifecycle.rotation.confidence", "assumed, reported, confirmed")]
    [InlineData("lifecycle: { rotation: { value: always, confidence: confirmed, source: docs } }", 6, "lifecycle.rotation.confidence", "when it was checked")]
    [InlineData("lifecycle: { rotation: { value: always, confidence: reported, date: 2026-11-21 } }", 6, "lifecycle.rotation.confidence", "where it stands")]
    [InlineData("lifecycle: { access_token_lifetime: { value: 1 hour, confidence: assumed } }", 6, "lifecycle.access_token_lifetime.value", "such as 90s, 30m, 1h or 90d")]
    [InlineData("lifecycle: { access_token_lifetime: { value: 0s, confidence: assumed } }", 6, "lifecycle.access_token_lifetime.value", "must be a duration")]
    [InlineData("lifecycle: { access_token_lifetime: { value: 99999999999999999999d, confidence: assumed } }", 6, "lifecycle.access_token_lifetime.value", "must be a duration")]
    [InlineData("lifecycle: { reuse: { value: grace, confidence: assumed } }", 6, "lifecycle.reuse.duration", "the field is missing")]
    [InlineData("lifecycle: { reuse: { value: until_successor_used, confidence: assumed } }", 6, "lifecycle.reuse.duration", "the field is missing")]
    [InlineData("lifecycle: { reuse: { value: strict, duration: 10m, confidence: assumed } }", 6, "lifecycle.reuse.duration", "contradicts the value")]
    [InlineData("lifecycle: { rate: { value: 10, confidence: assumed } }", 6, "lifecycle.rate.window", "the field is missing")]
    [InlineData("lifecycle: { refresh_extends_absolute: { value: true, confidence: assumed } }", 6, "lifecycle.refresh_extends_absolute", "without refresh_token_absolute")]
    [InlineData("lifecycle:\n  rotation: { value: never, confidence: assumed }\n  reuse: { value: strict, confidence: confirmed, date: 2026-11-21, source: x }", 8, "lifecycle.reuse", "contradicts `rotation: never`")]
    [InlineData("lifecycle:\n  access_token_lifetime: { value: 1h, confidence: assumed }\n  earliest_refresh: { value: 2h, confidence: assumed }", 8, "lifecycle.earliest_refresh", "longer than access_token_lifetime")]
    // Error rules
    [InlineData("errors:\n  rules:\n    - { code: x }", 8, "errors.rules[0].class", "the field is missing")]
    [InlineData("errors:\n  rules:\n    - { class: unclassified }", 8, "errors.rules[0].class", "would match every answer")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: dead }", 8, "errors.rules[0].class", "must be one of: success, rate_limited")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: success }", 8, "errors.rules[0].class", "is not for error rules")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: decrypt_failed }", 8, "errors.rules[0].class", "is not for error rules")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: grant_dead }", 8, "errors.rules[0].confidence", "may not end a grant")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: consent_required, confidence: assumed }", 8, "errors.rules[0].confidence", "may not end a grant")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: interaction_required }", 8, "errors.rules[0].confidence", "may not end a grant")]
    [InlineData("errors:\n  rules:\n    - { status: 401, class: grant_dead, confidence: confirmed, date: 2026-11-21, source: x }", 8, "errors.rules[0].status", "a status alone may not end a grant")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: grant_dead, confidence: confirmed }", 8, "errors.rules[0].confidence", "when it was checked")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: rate_limited, reason: expired }", 8, "errors.rules[0].reason", "only for classes that end a grant")]
    [InlineData("errors:\n  rules:\n    - { status: 99, class: unclassified }", 8, "errors.rules[0].status", "from 100 to 599")]
    [InlineData("errors:\n  rules:\n    - { text: '(', class: unclassified }", 8, "errors.rules[0].text", "is not a regular expression")]
    [InlineData("errors:\n  rules:\n    - { text: '(?=x)', class: unclassified }", 8, "errors.rules[0].text", "not supported")]
    [InlineData("errors:\n  rules:\n    - { text: '.*', class: unclassified }", 8, "errors.rules[0].text", "matches an empty description")]
    [InlineData("errors:\n  rules:\n    - { code: [a, [b]], class: unclassified }", 8, "errors.rules[0].code[1]", "must be a single value")]
    [InlineData("errors:\n  rules:\n    - { code: x, class: unclassified }\n    - { code: X, class: rate_limited }", 9, "errors.rules[1].class", "asks for the same answer")]
    [InlineData("errors: { rules: { code: x } }", 6, "errors.rules", "must be a list")]
    [InlineData("errors: { rules: [x] }", 6, "errors.rules[0]", "must hold fields of its own")]
    public void A_mistake_is_named(string text, int line, string field, string problem, bool replacesEndpoints = false)
    {
        var head = replacesEndpoints ? "key: acme\ndisplay_name: Acme\n\n\n\n" : Head;

        var errors = Errors(head + text);

        Assert.Contains(errors, error => error.Line == line && error.Field == field && error.Problem.Contains(problem, StringComparison.Ordinal));
        Assert.All(errors.Where(error => error.Field != "endpoints.authorize" && error.Field != "endpoints.token"), error => Assert.Equal(field, error.Field));
    }

    [Theory]
    [InlineData("key: ''")]
    [InlineData("key: Acme")]
    [InlineData("key: a_b")]
    [InlineData("key: a--b")]
    [InlineData("key: -a")]
    [InlineData("key: '../a'")]
    [InlineData("key: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_key_is_a_short_plain_word(string key)
    {
        var error = Assert.Single(Errors(Head.Replace("key: acme", key, StringComparison.Ordinal)));

        Assert.Equal(("key", 1), (error.Field, error.Line));
    }

    [Fact]
    public void A_variant_of_nothing_is_named()
    {
        var error = Assert.Single(Errors("key: acme\ndisplay_name: Acme\nextends: nobody"));

        Assert.Equal(new("text-1.yaml", 3, "extends", "there is no entry `nobody`; check the spelling."), error);
    }

    [Fact]
    public void Entries_that_extend_each_other_are_named()
    {
        var exception = Assert.Throws<ProviderCatalogueException>(
            () => ProviderCatalogue.Parse(false, "key: a\ndisplay_name: A\nextends: b", "key: b\ndisplay_name: B\nextends: a"));

        Assert.All(exception.Errors, error => Assert.Equal(("extends", 3), (error.Field, error.Line)));
        Assert.Equal(2, exception.Errors.Count);
    }

    [Fact]
    public void A_variant_has_a_name_of_its_own()
    {
        var exception = Assert.Throws<ProviderCatalogueException>(
            () => ProviderCatalogue.Parse(allowInsecureEndpoints: false, "key: acme\nextends: google"));

        Assert.Equal("display_name", Assert.Single(exception.Errors).Field);
    }

    [Fact]
    public void A_mistake_that_variants_share_is_reported_once()
    {
        var exception = Assert.Throws<ProviderCatalogueException>(
            () => ProviderCatalogue.Parse(false, Head + "colour: blue", "key: acme-sandbox\ndisplay_name: Sandbox\nextends: acme"));

        Assert.StartsWith("text-1.yaml:6: colour: unknown field", Assert.Single(exception.Errors).ToString(), StringComparison.Ordinal);
    }

    /// <summary>Without the embedded entries, which would be read again for every line of the table.</summary>
    private static ProviderCatalogue Parse(string text) =>
        ProviderCatalogue.Build([], [new CatalogueFile("text-1.yaml", Encoding.UTF8.GetBytes(text))], allowInsecure: false, []);

    private static IReadOnlyList<ProviderCatalogueError> Errors(string text) =>
        Assert.Throws<ProviderCatalogueException>(() => Parse(text)).Errors;
}
