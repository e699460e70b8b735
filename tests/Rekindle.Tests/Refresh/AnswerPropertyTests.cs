using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Rekindle.Attempts;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

/// <summary>What holds for every answer, however odd. The seed is fixed, so that a failure comes back.</summary>
public sealed class AnswerPropertyTests
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(3_000).WithQuietOnSuccess(true).WithReplay(20260301, 7);

    [Fact]
    public void Reading_and_classifying_never_throws_and_says_something_about_every_failure()
    {
        ForAll((_, classified) => classified.Tokens is not null || classified.Message is { Length: > 0 and <= 500 });
    }

    [Fact]
    [Trait("Failure", "F30")]
    public void An_error_never_yields_a_token()
    {
        ForAll((answer, classified) =>
            classified.Tokens is null
            || (answer.Status is >= 200 and < 300 && !answer.Truncated && !SaysError(answer) && classified.Class is RefreshClass.Success or RefreshClass.NotDueYet));
    }

    [Fact]
    [Trait("Req", "I9")]
    public void The_stored_refresh_token_is_replaced_only_by_one_that_came()
    {
        ForAll((answer, classified) =>
        {
            var kept = classified.Tokens?.RefreshToken ?? Given.Grant.RefreshToken!;
            return kept.Equals(Given.Grant.RefreshToken) || (kept.Length > 0 && Strings(answer).Contains(kept.Reveal()));
        });
    }

    [Fact]
    [Trait("Req", "A7")]
    public void A_grant_ends_only_by_a_code_that_says_so()
    {
        string[] ending = ["invalid_grant", "bad_refresh_token", "consent_required"];

        ForAll((answer, classified) =>
            !classified.EndsGrant
            || (answer.Status is not (429 or >= 500 or 408 or 425) && Strings(answer).Overlaps(ending)));
    }

    [Fact]
    public void An_expiry_lies_ahead_or_is_none()
    {
        ForAll((_, classified) => classified.Tokens is not { } tokens
            || ((tokens.ExpiresAt is null || tokens.ExpiresAt > Given.Now) && (tokens.RefreshTokenExpiresAt is null || tokens.RefreshTokenExpiresAt > Given.Now)));
    }

    [Fact]
    [Trait("Req", "I13")]
    public void No_verdict_and_no_capture_holds_what_was_sent()
    {
        var fingerprinter = new Fingerprinter(KeyRing.Generate(Given.Now));
        var request = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, Given.Grant, Given.Now).Ready();

        ForAll((answer, classified) =>
        {
            var result = answer.ToResult() with { Secrets = request.Secrets };
            var (_, response) = ExchangeCapture.Of(answer.Provider, request, result, fingerprinter);
            var texts = classified + response!;
            return !texts.Contains(Given.Grant.RefreshToken!.Reveal(), StringComparison.Ordinal)
                && !texts.Contains(Given.Grant.AccessToken!.Reveal(), StringComparison.Ordinal)
                && !texts.Contains('\0', StringComparison.Ordinal);
        });
    }

    private static void ForAll(Func<GeneratedAnswer, Classified, bool> property) =>
        Prop.ForAll(AnswerGenerators.Answers, answer => property(answer, RefreshClassifier.Classify(answer.Provider, answer.ToResult(), Given.Grant)))
            .Check(Many);

    /// <summary>A second, plainer reading: any root member <c>error</c> that is not one of the ways of saying "none", or the provider's mark.</summary>
    private static bool SaysError(GeneratedAnswer answer) =>
        Root(answer) is { } root && root.ValueKind == JsonValueKind.Object && root.EnumerateObject().Any(member =>
            (member.NameEquals("error") && !IsNone(member.Value))
            || (member.NameEquals("ok") && answer.Provider.Errors.FailureMarks.Count > 0 && member.Value.ValueKind == JsonValueKind.False
                && member.Equals(root.EnumerateObject().Last(other => other.NameEquals("ok")))));

    private static bool IsNone(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Number => value.GetRawText() == "0",
        JsonValueKind.String => value.ValueEquals("") || !IsText(value),
        JsonValueKind.Array => value.EnumerateArray().All(IsNone),
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static HashSet<string> Strings(GeneratedAnswer answer)
    {
        var found = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (Root(answer) is { } root)
        {
            Collect(root, found);
        }
        else
        {
            found.UnionWith(Encoding.UTF8.GetString(answer.Body).Split('&').Select(pair => System.Net.WebUtility.UrlDecode(pair.Split('=', 2)[^1])));
            found.UnionWith(Encoding.UTF8.GetString(answer.Body).Trim().Split('&').Select(pair => System.Net.WebUtility.UrlDecode(pair.Split('=', 2)[^1])));
        }

        return found;
    }

    private static void Collect(JsonElement element, HashSet<string> found)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    Collect(member.Value, found);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Collect(item, found);
                }

                break;
            case JsonValueKind.String when IsText(element):
                found.Add(element.GetString()!);
                break;
            default:
                break;
        }
    }

    private static JsonElement? Root(GeneratedAnswer answer)
    {
        try
        {
            return JsonElement.Parse(answer.Body, new JsonDocumentOptions { MaxDepth = 64, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
