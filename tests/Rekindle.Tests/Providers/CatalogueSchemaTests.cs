using System.Collections;
using Rekindle.Providers;

namespace Rekindle.Tests.Providers;

/// <summary>The descriptor and the files say the same: what the types can hold, a file can write.</summary>
public sealed class CatalogueSchemaTests
{
    /// <summary>Uses every field there is, each with a value that is not its default.</summary>
    private const string Everything = """
        key: everything
        display_name: Everything
        version: 7
        verified_on: 2026-11-21
        note: A note.
        default_scopes: [a, b]
        endpoints:
          authorize: https://{tenant}.auth.example/authorize
          token: https://api.example/{dc}/token
          refresh: https://api.example/refresh
          upgrade: https://api.example/upgrade
          revoke: https://api.example/revoke
          issuer: "{issuer}"
          discovery: https://api.example/.well-known/openid-configuration
        variables:
          tenant: { title: Tenant, source: callback, from: t, kind: dns_label, default: main }
          dc: { source: integration, kind: path_segment, values: { eu: eu-1 } }
          issuer: { source: integration, kind: url, optional: true }
        requests:
          client_authentication: basic
          format: json
          refresh_method: GET
          refresh_format: query
          refresh_kind: access_token
          refresh_grant_type: g
          refresh_token_parameter: t
          upgrade_grant_type: u
          refresh_authenticates_client: false
          parameter_names: { client_id: client_key }
          assertion_audience: https://api.example
          redirect_uri_variable: tenant
          authorize_parameters: { a: b }
          token_parameters: { a: b }
          refresh_parameters: { a: b }
          headers: { A: b }
          scope_separator: ","
          scope_parameter: user_scope
          scope_on_refresh: send_granted
          pkce: required
          response_mode: form_post
          callback_issuer: true
          callback_hmac: true
          revoke_method: DELETE
          revoke_format: query
          revoke_bearer: true
          revoke_token: access_token
          revoke_token_parameter: t
          revoke_authentication: none
        response:
          access_token: [a]
          refresh_token: [a]
          expiry: [a]
          expiry_form: milliseconds
          refresh_token_expiry: [a]
          refresh_token_expiry_form: unix_milliseconds
          scope: [a]
          scope_separator: ";"
          id_token: a
          metadata: { a: b }
        errors:
          code: [a]
          sub_code: [a]
          description: [a]
          failure_marks: { ok: "false" }
          rules:
            - { status: 400, code: a, sub_code: b, text: c, class: grant_dead, reason: expired, who_acts: operator, confidence: reported, date: 2026-11-21, source: s }
        lifecycle:
          access_token_lifetime: { value: 1h, confidence: reported, date: 2026-11-21, source: s }
          access_token_immortal: { value: true, confidence: assumed }
          refresh_token_inactivity: { value: 90d, confidence: assumed }
          refresh_token_absolute: { value: 365d, confidence: assumed }
          refresh_extends_absolute: { value: true, confidence: assumed }
          rotation: { value: always, confidence: assumed }
          reuse: { value: until_successor_used, duration: 30m, confidence: assumed }
          refresh_kills_access_token: { value: true, confidence: assumed }
          earliest_refresh: { value: 30s, confidence: assumed }
          minimum_interval: { value: 60s, confidence: assumed }
          throttle_scope: { value: connection, confidence: assumed }
          revocation_scope: { value: user_and_client, confidence: assumed }
          grants_per_user_and_client: { value: 5, confidence: assumed }
          rate: { value: 10, window: 1m, confidence: assumed }
        identity: { source: request, path: a.b, name_path: c, url: https://api.example/me, scheme: OAuth }
        token_shape: { access_token_prefixes: [a], refresh_token_prefixes: [b] }
        links: { status: https://s.example, support: https://s.example, app_console: https://s.example, documentation: https://s.example/#x }
        """;

    /// <summary>Not written in files: it comes from the options.</summary>
    private static readonly string[] FromElsewhere = [$"{nameof(ProviderDefinition)}.{nameof(ProviderDefinition.AllowsInsecureEndpoints)}"];

    [Fact]
    public void Every_property_of_the_descriptor_can_be_written()
    {
        var provider = ProviderCatalogue.Parse(allowInsecureEndpoints: false, Everything).Find("everything")!;

        string[] untouched =
        [
            .. Untouched([provider], new ProviderDefinition { Key = "", DisplayName = "", Endpoints = new() }),
            .. Untouched(provider.Variables, new ProviderVariable { Name = "" }),
            .. Untouched(provider.Errors.Rules, new ErrorRule { Class = default }),
        ];
        Assert.Equal(FromElsewhere, untouched);
    }

    [Fact]
    public void Durations_are_read_as_written()
    {
        var lifecycle = ProviderCatalogue.Parse(allowInsecureEndpoints: false, Everything).Find("everything")!.Lifecycle;

        Assert.Equal(TimeSpan.FromHours(1), lifecycle.AccessTokenLifetime!.Value);
        Assert.Equal(TimeSpan.FromDays(90), lifecycle.RefreshTokenInactivity!.Value);
        Assert.Equal(TimeSpan.FromMinutes(30), lifecycle.Reuse!.Value.Grace);
        Assert.Equal(TimeSpan.FromSeconds(30), lifecycle.EarliestRefresh!.Value);
        Assert.Equal(new RateFact(10, TimeSpan.FromMinutes(1)), lifecycle.Rate!.Value);
    }

    [Fact]
    public void Assumed_facts_only_make_the_engine_more_careful()
    {
        const string daring = """
            key: daring
            display_name: Daring
            endpoints: { authorize: https://a.example/, token: https://a.example/token }
            lifecycle:
              rotation: { value: never, confidence: assumed }
              reuse: { value: reusable, confidence: assumed }
              access_token_immortal: { value: true, confidence: assumed }
              throttle_scope: { value: token, confidence: assumed }
              revocation_scope: { value: token, confidence: assumed }
            """;

        var lifecycle = ProviderCatalogue.Parse(allowInsecureEndpoints: false, daring).Find("daring")!.Lifecycle;

        Assert.Equal(ReuseRule.Strict, lifecycle.EffectiveReuse);
        Assert.False(lifecycle.EffectiveImmortal);
        Assert.Equal(Reach.Integration, lifecycle.EffectiveThrottleScope);
        Assert.False(lifecycle.RevocationIsHarmless);
    }

    [Fact]
    public void Plain_http_to_loopback_needs_to_be_allowed()
    {
        const string simulator = """
            key: simulator
            display_name: Simulator
            endpoints: { authorize: http://127.0.0.1:8123/authorize, token: http://localhost:8123/token }
            """;

        Assert.Throws<ProviderCatalogueException>(() => ProviderCatalogue.Parse(allowInsecureEndpoints: false, simulator));
        Assert.True(ProviderCatalogue.Parse(allowInsecureEndpoints: true, simulator).Find("simulator")!.AllowsInsecureEndpoints);
        Assert.Throws<ProviderCatalogueException>(
            () => ProviderCatalogue.Parse(allowInsecureEndpoints: true, simulator.Replace("127.0.0.1", "10.0.0.1", StringComparison.Ordinal)));
    }

    /// <summary>The properties that have their default value in all of the objects.</summary>
    private static IEnumerable<string> Untouched(IReadOnlyList<object> values, object defaults)
    {
        foreach (var property in defaults.GetType().GetProperties().Where(property => property.CanWrite))
        {
            var unset = property.GetValue(defaults);
            object?[] actual = [.. values.Select(property.GetValue)];
            if (unset is not null && IsOurs(unset) && !unset.GetType().IsEnum)
            {
                foreach (var nested in Untouched(actual!, unset))
                {
                    yield return nested;
                }
            }
            else if (actual.All(value => value is null || Same(value, unset)))
            {
                yield return $"{defaults.GetType().Name}.{property.Name}";
            }
        }
    }

    private static bool IsOurs(object value) => value.GetType().Namespace == typeof(ProviderDefinition).Namespace;

    private static bool Same(object actual, object? unset) =>
        (actual, unset) is (IEnumerable a and not string, IEnumerable b) ? a.Cast<object>().SequenceEqual(b.Cast<object>()) : actual.Equals(unset);
}
