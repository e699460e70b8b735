using System.Text;
using System.Text.Json;
using Rekindle.Attempts;
using Rekindle.Encryption;
using Rekindle.Testing;

namespace Rekindle.Tests.Attempts;

[Trait("Req", "I13")]
[Trait("Failure", "F88")]
public sealed class SecretScrubberTests
{
    private const string Token = "1//0gAbC+dEf/GhI=jKl MnO\"pQr~ü";

    public static TheoryData<string, string> Forms => new()
    {
        { "raw", Token },
        { "URL-encoded", Uri.EscapeDataString(Token) },
        { "URL-encoded in lower case", LowerHex(Uri.EscapeDataString(Token)) },
        { "form-encoded", Uri.EscapeDataString(Token).Replace("%20", "+", StringComparison.Ordinal) },
        { "URL-encoded twice", Uri.EscapeDataString(Uri.EscapeDataString(Token)) },
        { "JSON", JsonSerializer.Serialize(Token) },
        { "JSON with escaped slashes", JsonSerializer.Serialize(Token).Replace("/", "\\/", StringComparison.Ordinal) },
        { "base64", Convert.ToBase64String(Encoding.UTF8.GetBytes(Token)) },
        { "base64, second alignment", Convert.ToBase64String(Encoding.UTF8.GetBytes("x" + Token + "tail")) },
        { "base64, third alignment", Convert.ToBase64String(Encoding.UTF8.GetBytes("id:" + "y" + Token)) },
        { "base64url", Convert.ToBase64String(Encoding.UTF8.GetBytes(Token)).Replace('+', '-').Replace('/', '_') },
        { "hexadecimal", Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Token)) },
        { "its first half", Token[..15] },
        { "its second half", Token[15..] },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void No_form_of_a_secret_stays(string form, string text)
    {
        var scrubbed = new SecretScrubber([new Secret(Token)]).Scrub($"The token {text} is invalid.");

        Assert.False(scrubbed.Contains(text, StringComparison.Ordinal), form);
        Assert.False(scrubbed.Contains(text[3..^3], StringComparison.Ordinal), form);
    }

    [Fact]
    public void Every_encoding_of_a_marked_secret_goes()
    {
        var marked = new MarkedSecret(new Random(7), "refresh token");
        var scrubber = new SecretScrubber([marked.Secret]);
        string[] texts =
        [
            marked.Value, Uri.EscapeDataString(marked.Value), JsonSerializer.Serialize(new { a = marked.Value }),
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"id:{marked.Value}")), Convert.ToHexString(Encoding.UTF8.GetBytes(marked.Value)),
            System.Net.WebUtility.HtmlEncode(marked.Value), marked.Value[..(marked.Value.Length / 2)],
        ];

        Assert.All(texts, text => marked.AssertNotIn(scrubber.Scrub(text), "the scrubbed text"));
    }

    [Fact]
    public void The_words_around_a_secret_stay()
    {
        var scrubber = new SecretScrubber([new Secret("abcdefghijklmnopqrstuvwxyz"), new Secret("short1")]);

        Assert.Equal(
            "Token <secret> and <secret>, not more.",
            scrubber.Scrub("Token abcdefghijklmnopqrstuvwxyz and short1, not more."));
        Assert.Equal("nothing in here", scrubber.Scrub("nothing in here"));
    }

    [Fact]
    public void A_text_that_decodes_to_a_secret_in_no_usual_way_goes_as_a_whole()
    {
        var scrubbed = new SecretScrubber([new Secret("1//0gAbC+dEf")]).Scrub("x 1//0%67AbC%2BdEf y");

        Assert.Equal("<withheld: it held a secret>", scrubbed);
    }

    [Fact]
    public void Free_text_is_cut_after_it_was_scrubbed()
    {
        var secret = new Secret(string.Concat(Enumerable.Range(0, 40).Select(i => (char)('a' + i % 26))));
        var text = new string('w', 38) + " " + secret.Reveal();

        var clean = ProviderText.Clean(text, new SecretScrubber([secret]), maxLength: 45);

        Assert.Equal(new string('w', 38) + " <secr…", clean);
    }

    [Fact]
    public void A_long_run_of_characters_is_taken_for_somebodys_token()
    {
        var clean = ProviderText.Clean($"Token {new string('k', 64)} at https://docs.example/errors?x=1 id 6f9619ff-8b86-d011-b42d-00c04fc964ff", new SecretScrubber([]));

        Assert.Equal("Token <64 characters> at https://docs.example/errors?x=1 id 6f9619ff-8b86-d011-b42d-00c04fc964ff", clean);
    }

    [Fact]
    public void The_sieve_clears_no_text_that_holds_a_part_of_any_form_of_a_secret()
    {
        var random = new Random(11);
        for (var round = 0; round < 400; round++)
        {
            var secret = Alphabets[round % Alphabets.Length] is var alphabet
                ? string.Concat(Enumerable.Range(0, random.Next(12, 60)).Select(_ => alphabet[random.Next(alphabet.Length)]))
                : "";
            var sieve = new SecretSieve([secret]);
            foreach (var form in SecretScrubber.FormsOf(secret).Where(f => f.Length >= SecretScrubber.Window))
            {
                var at = random.Next(form.Length - SecretScrubber.Window + 1);
                var part = form.Substring(at, SecretScrubber.Window);

                Assert.False(sieve.Clears($"id: {part}"), $"round {round}: {part}");
                Assert.False(sieve.Clears($"x{part}y"), $"round {round}: {part}");
            }
        }
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("https://oauth2.googleapis.com/token")]
    [InlineData("refresh_token")]
    [InlineData("6f9619ff-8b86-d011-b42d-00c04fc964ff")]
    [InlineData("Sat, 21 Nov 2026 12:00:00 GMT")]
    public void The_sieve_clears_what_answers_usually_say(string text)
    {
        var marked = new MarkedSecret(new Random(7), "access token");

        Assert.True(new SecretSieve([marked.Value]).Clears(text));
    }

    private static readonly string[] Alphabets =
    [
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~",
        "aZ9+/= \\\"&<>'%!",
        "0123456789abcdef",
        "aü€z0",
    ];

    private static string LowerHex(string text) =>
        System.Text.RegularExpressions.Regex.Replace(text, "%[0-9A-F]{2}", match => match.Value.ToLowerInvariant());
}
