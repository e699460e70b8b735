namespace Rekindle.Testing;

/// <summary>Spectral with its own rules for OpenAPI, as users of the document would run it.</summary>
public static class OpenApiLinter
{
    /// <summary>What Spectral has to say about the document; empty when it is clean.</summary>
    public static async Task<string> LintAsync(string path)
    {
        var node = Repository.PathTo("tests", "node");
        var program = Path.Combine(node, "node_modules", "@stoplight", "spectral-cli", "dist", "index.js");
        if (!File.Exists(program))
        {
            throw new InvalidOperationException("The npm package spectral-cli is missing: run npm ci in tests/node. ./test does so by itself.");
        }

        string[] arguments = [program, "lint", path, "--ruleset", Path.Combine(node, "spectral.yaml"), "--format", "text", "--fail-severity", "hint", "--quiet"];
        var (exitCode, output) = await TestCommand.TryRunAsync("node", arguments, TimeSpan.FromMinutes(2));
        return exitCode == 0 ? "" : output;
    }
}
