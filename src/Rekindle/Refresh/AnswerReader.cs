using System.Collections.ObjectModel;
using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>
/// Reads the body of a token answer: body before status, odd answers read instead of rejected. It never throws and
/// never takes a token from an answer that says it is an error (F30).
/// </summary>
public static class AnswerReader
{
    private const int MaxMetadataValue = 2048;
    private const int MaxScopes = 1000;
    private const int MaxTokenType = 32;
    private static readonly char[] ScopeSeparators = [' ', ',', '\t', '\r', '\n'];

    /// <summary>Reads an answer.</summary>
    /// <param name="provider">Where values stand in this provider's answers.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="requestedAt">When the request was sent: lifetimes count from here.</param>
    public static AnswerReading Read(ProviderDefinition provider, ProviderAnswer answer, DateTimeOffset requestedAt)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(answer);
        using var document = AnswerDocument.Parse(answer.Body, answer.Truncated);
        var error = AnswerError.Read(document, provider.Errors);
        var found = FoundTokens.In(document, provider.Response);
        var tokens = answer.IsSuccessStatus && !error.SaysError ? ReadTokens(provider, answer, document, found, requestedAt) : null;
        return new AnswerReading
        {
            Kind = document.Kind,
            Tokens = tokens,
            ErrorCodes = error.Codes,
            ErrorSubCodes = error.SubCodes,
            ErrorText = tokens is null ? AnswerError.ReadText(document, provider.Errors) : null,
            Secrets = found.All,
            RetryAfter = RetryAfterReader.Read(answer, document, requestedAt),
        };
    }

    private static TokenAnswer? ReadTokens(
        ProviderDefinition provider, ProviderAnswer answer, AnswerDocument document, FoundTokens found, DateTimeOffset requestedAt)
    {
        if (found.Access is not { } accessToken || !CanBeSent(accessToken.Reveal()))
        {
            return null;
        }

        var clock = new AnswerClock(requestedAt, answer);
        var (expiresAt, source) = ExpiryReader.AccessToken(provider, document, accessToken.Reveal(), clock);
        return new TokenAnswer
        {
            AccessToken = accessToken,
            RefreshToken = found.Refresh,
            ExpiresAt = expiresAt,
            ExpirySource = source,
            RefreshTokenExpiresAt = ExpiryReader.RefreshToken(provider, document, clock),
            Scopes = ReadScopes(document, provider.Response),
            TokenType = ReadTokenType(document),
            IdToken = found.Id,
            Metadata = ReadMetadata(provider, document),
        };
    }

    /// <summary>A token with control characters or spaces around it could not be put into a header: not a token.</summary>
    private static bool CanBeSent(string token)
    {
        if (!token.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return true;
        }

        foreach (var character in token)
        {
            if (char.IsControl(character))
            {
                return false;
            }
        }

        return !char.IsWhiteSpace(token[0]) && !char.IsWhiteSpace(token[^1]);
    }

    private static List<string>? ReadScopes(AnswerDocument document, ResponseRules rules)
    {
        var scopes = new List<string>();
        for (var i = 0; i < rules.Scope.Count; i++)
        {
            foreach (var element in document.Find(rules.Scope[i]))
            {
                AddScopes(scopes, AnswerValue.Text(element), rules.ScopeSeparator);
            }

            if (scopes.Count > 0)
            {
                return scopes;
            }
        }

        return null;
    }

    private static void AddScopes(List<string> scopes, string? text, string? separator)
    {
        var options = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var parts = string.IsNullOrEmpty(separator) ? text?.Split(ScopeSeparators, options) : text?.Split(separator, options);
        foreach (var scope in parts ?? [])
        {
            if (scopes.Count < MaxScopes && !scopes.Contains(scope))
            {
                scopes.Add(scope);
            }
        }
    }

    /// <summary>Words only (eBay's is <c>User Access Token</c>): what holds anything else is no type and may be a token.</summary>
    private static string ReadTokenType(AnswerDocument document)
    {
        var type = document.FirstText("token_type")?.Trim();
        return type is { Length: > 0 and <= MaxTokenType }
            && !type.Equals("bearer", StringComparison.OrdinalIgnoreCase)
            && type.All(character => char.IsAsciiLetter(character) || character is ' ' or '-' or '_')
            ? type
            : "Bearer";
    }

    private static IReadOnlyDictionary<string, string> ReadMetadata(ProviderDefinition provider, AnswerDocument document)
    {
        if (provider.Response.Metadata.Count == 0 && provider.Variables.Count == 0)
        {
            return ReadOnlyDictionary<string, string>.Empty;
        }

        var metadata = new Dictionary<string, string>();
        foreach (var (name, path) in provider.Response.Metadata)
        {
            Keep(name, path);
        }

        foreach (var variable in provider.Variables)
        {
            if (variable.Source == VariableSource.TokenAnswer)
            {
                Keep(variable.Name, variable.From ?? variable.Name);
            }
        }

        return metadata;

        void Keep(string name, string path)
        {
            if (document.Find(path) is [var element, ..] && AnswerValue.Scalar(element) is { Length: > 0 and <= MaxMetadataValue } value)
            {
                metadata[name] = value.Replace("\0", "", StringComparison.Ordinal);
            }
        }
    }
}
