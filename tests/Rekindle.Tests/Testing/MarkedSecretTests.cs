using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rekindle.Testing;
using Xunit.Sdk;

namespace Rekindle.Tests.Testing;

public sealed class MarkedSecretTests
{
    private readonly MarkedSecret _secret = new(TestRandom.Create(), "refresh token");

    [Fact]
    public void It_is_found_in_every_usual_encoding()
    {
        var utf8 = Encoding.UTF8.GetBytes(_secret.Value);
        string[] texts =
        [
            _secret.Value,
            Uri.EscapeDataString(_secret.Value),
            Uri.EscapeDataString(Uri.EscapeDataString(_secret.Value)),
            WebUtility.UrlEncode(_secret.Value),
            WebUtility.HtmlEncode(_secret.Value),
            JsonSerializer.Serialize(_secret.Value),
            JsonSerializer.Serialize(JsonSerializer.Serialize(_secret.Value)),
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(_secret.Value),
            Convert.ToHexString(utf8),
            "\\x" + Convert.ToHexStringLower(utf8),
            string.Concat(utf8.Select(b => $"%{b:X2}")),
        ];

        Assert.All(texts, text => Assert.NotNull(_secret.FindIn($"before {text} behind")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("i")]
    [InlineData("id")]
    [InlineData("client-id:")]
    public void It_is_found_in_base64_at_every_alignment(string before)
    {
        var bytes = Encoding.UTF8.GetBytes($"{before}{_secret.Value}:behind");

        Assert.NotNull(_secret.FindIn(Convert.ToBase64String(bytes)));
        Assert.NotNull(_secret.FindIn(Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_')));
    }

    [Fact]
    public void It_is_found_when_cut()
    {
        Assert.NotNull(_secret.FindIn(_secret.Value[..(_secret.Value.Length / 2)]));
        Assert.NotNull(_secret.FindIn(_secret.Value[(_secret.Value.Length / 2)..]));
        Assert.NotNull(_secret.FindIn(Encoding.Unicode.GetBytes(_secret.Value)));
    }

    [Fact]
    public void The_permitted_prefix_and_other_secrets_are_no_find()
    {
        var other = new MarkedSecret(TestRandom.Create("another"), "access token");

        Assert.Null(_secret.FindIn(_secret.Value[..4]));
        Assert.Null(_secret.FindIn(other.Value));
        Assert.Null(_secret.FindIn(Convert.ToBase64String(Encoding.UTF8.GetBytes(other.Value))));
    }

    [Fact]
    public void Files_that_hold_it_are_named_and_the_message_does_not_repeat_it()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("clean.log"), "nothing");
        _secret.AssertNotInFiles(folder.Path);
        File.WriteAllText(folder.File("leaky.log"), "token=" + Uri.EscapeDataString(_secret.Value));

        var e = Assert.Throws<XunitException>(() => _secret.AssertNotInFiles(folder.Path));

        Assert.Contains("leaky.log", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("clean.log", e.Message, StringComparison.Ordinal);
        Assert.Null(_secret.FindIn(e.ToString()));
    }
}
