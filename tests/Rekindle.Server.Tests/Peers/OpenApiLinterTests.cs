using Rekindle.Testing;

namespace Rekindle.Server.Tests.Peers;

public sealed class OpenApiLinterTests
{
    [Fact]
    public async Task A_document_with_a_mistake_is_not_clean()
    {
        using var folder = new TempFolder();
        var path = folder.File("openapi.json");
        await File.WriteAllTextAsync(path, """{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/x":{"get":{"responses":{}}}}}""");

        Assert.Contains("operation-operationId", await OpenApiLinter.LintAsync(path), StringComparison.Ordinal);
    }
}
