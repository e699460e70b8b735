using System.Globalization;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Tests.Refresh;

/// <summary>
/// Each shape of token answer over a real socket, through the builder, the exchange, the reader and the classifier, with
/// one line each: <c>./test --only answers</c>.
/// </summary>
[Trait("Suite", "answers")]
[Trait("Req", "B3")]
[Trait("Req", "D3")]
public sealed class AnswersByShapeTests
{
    private static readonly TokenExchangeOptions Local = new() { AllowPlainHttp = true, AllowPrivateNetworks = true };

    [Fact]
    public Task Each_of_the_sixteen_common_answers_is_read_as_it_is_meant() => ReadAll(AnswerShapes.Common);

    [Fact]
    public Task Each_shape_seen_in_the_wild_is_read_as_it_is_meant() => ReadAll(AnswerShapes.InTheWild);

    private static async Task ReadAll(IReadOnlyList<AnswerShape> shapes)
    {
        using var exchange = new TokenExchange(Local, new ManualClock());
        var mistakes = new List<string>();

        foreach (var shape in shapes)
        {
            var (read, request) = await ReadAsync(exchange, shape);

            Print(shape.Name, read);
            if (read != shape.Expected)
            {
                mistakes.Add($"{shape.Name}: read as '{read}', should be '{shape.Expected}'");
            }

            if (shape.Sent is { } sent && !request.Contains(sent, StringComparison.Ordinal))
            {
                mistakes.Add($"{shape.Name}: '{sent}' was not in the request");
            }
        }

        Assert.True(mistakes.Count == 0, string.Join('\n', mistakes));
    }

    private static async Task<(string Read, string Request)> ReadAsync(TokenExchange exchange, AnswerShape shape)
    {
        await using var server = new RawServer(shape.Reply);
        var grant = Given.Grant with { Variables = shape.Variables };
        var request = TokenRequestBuilder.Refresh(shape.Provider, Given.Client, grant, Given.Now).Ready();

        var result = await exchange.SendAsync(request.To(server.Uri), TimeSpan.FromMinutes(1), null, CancellationToken.None);

        var classified = RefreshClassifier.Classify(shape.Provider, result, grant);
        var raw = Assert.Single(server.Requests);
        return (Describe(classified), $"{raw.Head}\nHost-as-built: {request.Uri.Host}\n{raw.Body}\n");
    }

    private static string Describe(Classified classified)
    {
        var details = string.Join(", ", classified.Tokens is { } tokens ? Details(tokens) : Details(classified));
        return $"{Names.Of(classified.Class)} {Names.Of(classified.WhoActs)} {details}".TrimEnd();
    }

    private static IEnumerable<string> Details(TokenAnswer tokens)
    {
        yield return $"{Seconds(tokens.ExpiresAt) ?? "no end"} by {Names.Of(tokens.ExpirySource)}";
        yield return $"refresh token {(tokens.RefreshToken is null ? "kept" : "rotated")}"
            + (tokens.RefreshTokenExpiresAt is null ? "" : $" for {Seconds(tokens.RefreshTokenExpiresAt)}");
        foreach (var name in tokens.Metadata.Keys)
        {
            yield return name;
        }
    }

    private static IEnumerable<string> Details(Classified classified)
    {
        if (classified.ErrorCode is { } code)
        {
            yield return classified.ErrorSubCode is { } subCode ? $"{code}/{subCode}" : code;
        }

        if (classified.Reason is { } reason)
        {
            yield return $"reason {Names.Of(reason)}";
        }

        if (classified.RetryAfter is { } wait)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"retry after {wait.TotalSeconds} s");
        }

        if (classified.HaltsAtOnce)
        {
            yield return "halts the integration";
        }
    }

    private static string? Seconds(DateTimeOffset? end) => end is { } at
        ? string.Create(CultureInfo.InvariantCulture, $"{(at - Given.Now).TotalSeconds} s")
        : null;

    /// <summary>Only when asked for, or the lines would stand in the middle of every run.</summary>
    private static void Print(string name, string read)
    {
        if (Environment.GetEnvironmentVariable("TEST_ONLY")?.Contains("answers", StringComparison.OrdinalIgnoreCase) != true)
        {
            return;
        }

        var words = read.Split(' ', 3);
        Console.WriteLine($"answers  {name,-40} {words[0],-21} {words[1],-9} {words.ElementAtOrDefault(2)}".TrimEnd());
    }
}
