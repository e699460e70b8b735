using System.Text.Json;
using Rekindle.Encryption;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>What stands where tokens stand, whether the answer is a success or not.</summary>
internal readonly struct FoundTokens
{
    private FoundTokens(AnswerDocument document, ResponseRules paths)
    {
        var all = new List<Secret>(3);
        Access = First(document, paths.AccessToken, all);
        Refresh = First(document, paths.RefreshToken, all);
        Id = First(document, paths.IdToken, all);
        All = all;
    }

    /// <summary>First non-empty text at a place of an access token.</summary>
    public Secret? Access { get; }

    public Secret? Refresh { get; }

    public Secret? Id { get; }

    /// <summary>Every value at such a place, also numbers and what stands at a second place: texts may repeat it.</summary>
    public List<Secret> All { get; }

    /// <summary>The one that a value of the same answer is; null: it stands somewhere else.</summary>
    public Secret? At(JsonElement value)
    {
        foreach (var secret in All)
        {
            if (AnswerValue.Is(value, secret.Reveal()))
            {
                return secret;
            }
        }

        return null;
    }

    public static FoundTokens In(AnswerDocument document, ResponseRules paths) => new(document, paths);

    private static Secret? First(AnswerDocument document, IReadOnlyList<string> paths, List<Secret> all)
    {
        Secret? first = null;
        for (var i = 0; i < paths.Count; i++)
        {
            var found = First(document, paths[i], all);
            first ??= found;
        }

        return first;
    }

    private static Secret? First(AnswerDocument document, string path, List<Secret> all)
    {
        Secret? first = null;
        foreach (var element in document.Find(path))
        {
            if (Secret.OrNull(AnswerValue.Scalar(element)) is { } secret)
            {
                all.Add(secret);
                first ??= element.ValueKind == JsonValueKind.String ? secret : null;
            }
        }

        return first;
    }
}
