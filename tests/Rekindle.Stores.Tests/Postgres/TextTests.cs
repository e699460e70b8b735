using Rekindle.Postgres;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>Whatever a provider or an operator writes reaches the database as a text it takes.</summary>
public sealed class TextTests : PostgresTest
{
    [Fact, Trait("Req", "I15")]
    public void A_text_is_repaired_where_it_must_be_and_left_alone_where_not()
    {
        // Not as attributes: half a pair does not survive there either.
        (string Written, string Stored)[] texts =
        [
            ("plain", "plain"), ("zürich, 東京, 😀", "zürich, 東京, 😀"), ("nul\0in\0between", "nulinbetween"),
            ("\u202eleft\u202c to right", "\u202eleft\u202c to right"),
            ("half \ud83d pair", "half \ufffd pair"), ("other \ude00 half", "other \ufffd half"), ("\ud83d", "\ufffd"), ("", ""),
        ];

        Assert.All(texts, t => Assert.Equal(t.Stored, PostgresText.Clean(t.Written)));
    }

    [Fact, Trait("Req", "I15")]
    public async Task Nul_and_broken_unicode_in_a_result_cost_neither_the_token_nor_the_attempt()
    {
        const string Odd = "a\0b \ud83d c 😀 \udc00";
        var connection = await ConnectDueAsync();
        var claim = await ClaimAsync(connection.Id);
        var commit = Given.Success(claim, Now);

        await CommitAsync(commit with
        {
            LastRefreshError = Odd,
            Opens = [Given.Draft() with { Title = Odd, Text = Odd }],
            Attempt = commit.Attempt with { Error = Odd, Response = Odd, Decision = Odd },
        });

        const string Clean = "ab \ufffd c 😀 \ufffd";
        Assert.Equal("refresh-new", Given.Text((await GetAsync(connection.Id)).Tokens!.RefreshToken));
        Assert.Equal(Clean, (await GetAsync(connection.Id)).Connection.LastRefreshError);
        var attempt = (await Stores.Attempts.GetAsync(claim.AttemptId, default))!;
        Assert.Equal((Clean, Clean, Clean), (attempt.Error, attempt.Response, attempt.Decision));
    }
}
