using System.Text.RegularExpressions;
using Rekindle.Testing;

namespace Rekindle.Tests.House;

/// <summary>A plain token leaves its type in the few places listed here, each for a reason (I13).</summary>
public sealed partial class RevealTests
{
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["src/Rekindle.AspNetCore/ApiKeyEndpoints.cs"] = "a new API key, in the one answer that tells it",
        ["src/Rekindle.AspNetCore/Http/Idempotency.cs"] = "the same answer again, for a repeated request",
        ["src/Rekindle.AspNetCore/TokenWriter.cs"] = "the access token for a caller who may have it",
        ["src/Rekindle.Server/Commands/ApiKeyCommand.cs"] = "prints the key it made, once",
        ["src/Rekindle.Server/Commands/InitCommand.cs"] = "prints the first API key, once",
        ["src/Rekindle/Attempts/SecretScrubber.cs"] = "looks for it in texts, to take it out",
        ["src/Rekindle.AspNetCore/Connect/ConnectPageEndpoints.cs"] = "the cookie of the browser that goes to the provider",
        ["src/Rekindle/Connect/CallbackChecks.cs"] = "checks a signature made with the client secret",
        ["src/Rekindle/Connect/ConnectCallback.cs"] = "the completion code in the return address",
        ["src/Rekindle/Connect/ConnectFlow.cs"] = "the state in the address at the provider",
        ["src/Rekindle/Connect/IdTokenClaims.cs"] = "reads whose account it is",
        ["src/Rekindle/Connect/OneTimeSecret.cs"] = "hashes, and what is derived from a verifier",
        ["src/Rekindle/Connect/PostedAnswers.cs"] = "a provider's answer on its way to our own site",
        ["src/Rekindle/Connect/WaitingConsents.cs"] = "a consent on its way into a sealed column",
        ["src/Rekindle/Connections/GrantWriter.cs"] = "reads the expiry inside a JWT",
        ["src/Rekindle/Encryption/CiphertextLookalike.cs"] = "looks at how it begins",
        ["src/Rekindle/Encryption/Fingerprinter.cs"] = "fingerprint and masked prefix",
        ["src/Rekindle/Encryption/Sealer.cs"] = "encrypts it",
        ["src/Rekindle/Providers/ClientAuthenticator.cs"] = "the client's credentials in a token request",
        ["src/Rekindle/Providers/RequestDraft.cs"] = "the grant's tokens in a token request",
        ["src/Rekindle/Providers/SignedAssertion.cs"] = "signs with the private key",
        ["src/Rekindle/Refresh/FoundTokens.cs"] = "recognises in an answer what it has read from it",
        ["src/Rekindle/Refresh/AnswerReader.cs"] = "judges whether it could be sent, and looks for an expiry inside it",
        ["src/Rekindle/Providers/TokenRequest.cs"] = "writes the request to the wire",
    };

    [Fact]
    [Trait("Failure", "F88")]
    public void A_secret_is_revealed_in_the_listed_places_only()
    {
        var revealing = Directory.GetFiles(Repository.PathTo("src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => Revealing().IsMatch(File.ReadAllText(path)))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .ToHashSet();

        List<string> mistakes =
        [
            .. revealing.Except(Allowed.Keys).Select(path => $"{path} calls Reveal(): list it in RevealTests with the reason, or pass the Secret on"),
            .. Allowed.Keys.Except(revealing).Select(path => $"{path} no longer calls Reveal(): take it off the list in RevealTests"),
        ];
        Assert.True(mistakes.Count == 0, string.Join('\n', mistakes));
    }

    [GeneratedRegex(@"[.?!]\s*Reveal\(\)")]
    private static partial Regex Revealing();
}
