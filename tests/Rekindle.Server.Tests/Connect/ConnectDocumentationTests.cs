using Rekindle.Connect;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Connect;

public sealed class ConnectDocumentationTests
{
    [Fact]
    public void Every_error_code_stands_in_the_documentation()
    {
        var text = File.ReadAllText(Repository.PathTo("docs", "connecting.md"));

        Assert.All(Enum.GetValues<ConnectErrorCode>(), code => Assert.Contains($"`{Names.Of(code)}`", text, StringComparison.Ordinal));
    }
}
