using Rekindle.Testing;

namespace Rekindle.Server.Tests.Api;

public sealed class OpenApiTests
{
    private static readonly string OnPaper = Repository.PathTo("docs", "openapi.json");

    [Fact]
    public async Task The_document_is_the_one_on_paper()
    {
        await using var host = await ApiHost.StartAsync();
        var served = await host.Client(null).GetStringAsync("/openapi.json") + "\n";

        if (Environment.GetEnvironmentVariable("TEST_ACCEPT_API") is { Length: > 0 })
        {
            await File.WriteAllTextAsync(OnPaper, served);
        }

        Assert.True(served == await File.ReadAllTextAsync(OnPaper), "The API changed. If that is meant, write docs/openapi.json anew with TEST_ACCEPT_API=1 and look at the difference.");
    }

    [Fact]
    public async Task The_document_lints_clean() => Assert.Equal("", await OpenApiLinter.LintAsync(OnPaper));
}
