using System.Text.Json;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator.Authorize;

namespace Rekindle.Server.Tests.Connect;

/// <summary>Whose account it is, where the ID token says so.</summary>
public sealed class ConnectIdTokenTests
{
    [Fact, Trait("Req", "E3")]
    public async Task The_subject_of_the_id_token_is_pinned()
    {
        await using var host = await StartAsync(null);
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);

        var connection = (await host.ConnectionOfAsync())!;
        Assert.Equal(("alice", "alice@acme.example"), (connection.ProviderAccountId, connection.ProviderAccountName));
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("""{"aud":"another-client"}""")]
    [InlineData("""{"aud":[]}""")]
    [InlineData("""{"aud":null}""")]
    [InlineData("""{"aud":["simulator-client","another"],"azp":"another"}""")]
    [InlineData("""{"iss":"https://evil.example"}""")]
    [InlineData("""{"iss":null}""")]
    [InlineData("""{"nonce":"of another sign-in"}""")]
    [InlineData("""{"exp":1}""")]
    [InlineData("""{"exp":null}""")]
    [InlineData("""{"exp":"soon"}""")]
    public async Task An_id_token_that_is_not_for_this_sign_in_connects_nothing(string claims)
    {
        await using var host = await StartAsync(claims);
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.ConnectAsync(url);

        Assert.Equal((400, "answer_forged"), (page.Status, (await host.SessionAsync(id)).GetProperty("error_code").GetString()));
        Assert.Null(await host.ConnectionOfAsync());
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("""{"aud":["simulator-client","another"],"azp":"simulator-client"}""")]
    [InlineData("""{"nonce":null}""")]
    public async Task An_id_token_as_some_providers_write_it_is_read(string claims)
    {
        await using var host = await StartAsync(claims);
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);

        Assert.Equal("alice", (await host.ConnectionOfAsync())!.ProviderAccountId);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData(null)]
    [InlineData("""{"sub":null}""")]
    [InlineData("""{"sub":""}""")]
    [InlineData("""{"sub":{"a":1}}""")]
    public async Task Without_a_usable_subject_nothing_is_connected_and_the_operator_reads_why(string? claims)
    {
        await using var host = await StartAsync(claims, issued: claims is not null);
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        await person.ConnectAsync(url);

        var session = await host.SessionAsync(id);
        Assert.Equal("account_unknown", session.GetProperty("error_code").GetString());
        Assert.Contains(claims is null ? "openid" : "(sub)", session.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Null(await host.ConnectionOfAsync());
    }

    private static async Task<ConnectHost> StartAsync(string? claims, bool issued = true)
    {
        var personality = EngineSettings.Strict with { IdToken = new() { Issued = issued, Claims = claims is null ? null : JsonElement.Parse(claims) } };
        var host = await ConnectHost.StartAsync(i => i with { Scopes = ["openid", "read"] }, personality, EntryYaml.OpenId);
        host.Server.Consent = ConsentPolicy.Allow;
        return host;
    }
}
