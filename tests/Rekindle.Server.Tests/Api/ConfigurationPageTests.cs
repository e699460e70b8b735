using System.Text.Json;
using Rekindle.Hosting;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Api;

/// <summary>The page of settings names every setting there is, as it is written where it is set.</summary>
public sealed class ConfigurationPageTests
{
    private static readonly string Page = File.ReadAllText(Repository.PathTo("docs/configuration.md"));

    [Fact]
    [Trait("Req", "A14")]
    public void Every_field_of_a_policy_is_there_by_its_name_on_the_wire()
    {
        var fields = typeof(Client.IntegrationPolicy).GetProperties().Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name));

        Assert.All(fields, field => Assert.Contains($"| `{field}` |", Page, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Req", "A14")]
    public void Every_setting_of_the_engine_is_there()
    {
        var sections = typeof(RekindleOptions).GetProperties().Where(p => p.PropertyType.Assembly == typeof(RekindleOptions).Assembly);

        foreach (var section in sections)
        {
            Assert.All(
                section.PropertyType.GetProperties().Where(p => p.CanWrite),
                setting => Assert.True(
                    Page.Contains($"`{setting.Name}`", StringComparison.Ordinal) || Page.Contains($"`{section.Name}:{setting.Name}`", StringComparison.Ordinal),
                    $"{section.Name}:{setting.Name} is not explained."));
        }
    }
}
