using Rekindle.Providers;
using Rekindle.Testing;

namespace Rekindle.Tests.Refresh;

/// <summary>One shape of token answer and how it has to be read.</summary>
/// <param name="Name">The shape in words.</param>
/// <param name="Reply">The answer as it comes over the wire.</param>
/// <param name="Expected">Class, who acts, and what else is read, as <see cref="AnswersByShapeTests"/> prints it.</param>
internal sealed record AnswerShape(string Name, RawReply Reply, string Expected)
{
    /// <summary>Who answers so; a plain provider of which nothing is known when not given.</summary>
    public ProviderDefinition Provider { get; init; } = Given.Provider;

    /// <summary>What has to stand in the request, where the shape is about that.</summary>
    public string? Sent { get; init; }

    /// <summary>Values of the provider's URL variables.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}
