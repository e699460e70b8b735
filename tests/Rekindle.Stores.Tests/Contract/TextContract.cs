using System.Text;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Whatever a provider or an operator writes: nothing is refused for it, and what can be kept is kept.</summary>
public abstract class TextContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    // Not as attributes: half a surrogate pair does not survive there.
    private static readonly (string Name, string Text)[] Texts =
    [
        ("NUL", "before\0after"),
        ("NUL alone", "\0"),
        ("first half of a pair", "before\ud83dafter"),
        ("second half of a pair", "before\ude00after"),
        ("halves in the wrong order", "before\ude00\ud83dafter"),
        ("half a pair at the end", "before\ud83d"),
        ("four bytes", "zürich 東京 😀 𝔘𝔫𝔦"),
        ("right to left, overridden and isolated", "\u202egnp.exe\u202c \u2066שלום\u2069"),
        ("combining and joined", "e\u0301 👩\u200d👩\u200d👧 \ufeff"),
        ("not a character", "before\uffff\ufffeafter"),
        ("control characters", "before\u0001\u001b[31m\u007f\u0085\u2028after"),
        ("quotes and wildcards", "'; drop table connections; -- \" \\ % _ $1 @id {0}"),
    ];

    [Fact, Trait("Req", "I15")]
    public async Task A_provider_s_odd_text_costs_neither_token_nor_record()
    {
        foreach (var (name, text) in Texts)
        {
            var connection = await ConnectDueAsync();
            var claim = await ClaimAsync(connection.Id);
            var commit = Given.Success(claim, Now);

            var result = await CommitAsync(commit with
            {
                LastRefreshError = text,
                Opens = [Given.Draft() with { Title = text, Text = text }],
                Attempt = commit.Attempt with { Error = text, ErrorCode = text, Request = text, Response = text },
            });

            Assert.Equal((name, CommitResult.Applied), (name, result));
            var after = await GetAsync(connection.Id);
            Assert.Equal("refresh-new", Given.Text(after.Tokens!.RefreshToken));
            AssertKept(name, text, after.Connection.LastRefreshError);
            var attempt = (await Stores.Attempts.GetAsync(claim.AttemptId, default))!;
            Assert.All([attempt.Error, attempt.ErrorCode, attempt.Request, attempt.Response], kept => AssertKept(name, text, kept));
        }
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_operator_s_odd_text_is_kept_with_its_connection()
    {
        foreach (var (name, text) in Texts)
        {
            var connection = await ConnectAsync(g => g with { Label = text, Metadata = new Dictionary<string, string> { ["note"] = text, [text] = "value" } });

            var after = (await GetAsync(connection.Id)).Connection;

            AssertKept(name, text, after.Label);
            AssertKept(name, text, after.Metadata["note"]);
            Assert.Equal(2, after.Metadata.Count);
        }
    }

    private static void AssertKept(string name, string written, string? stored) => Assert.Equal((name, Sound(written)), (name, Sound(stored!)));

    // Without what a store may drop or replace.
    private static string Sound(string text) =>
        string.Concat(text.EnumerateRunes().Where(rune => rune.Value != 0 && rune != Rune.ReplacementChar));
}
