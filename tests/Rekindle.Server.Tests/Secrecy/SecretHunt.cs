using System.Text;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Secrecy;

/// <summary>Every secret there is, everything the server answered, and the search for the ones in the others.</summary>
internal sealed class SecretHunt
{
    private readonly Lock _gate = new();
    private readonly Random _random = TestRandom.Create();
    private readonly List<(SecretUse Use, MarkedSecret Secret)> _secrets = [];
    private readonly List<Answer> _answers = [];

    public IReadOnlyList<Answer> Answers
    {
        get
        {
            lock (_gate)
            {
                return [.. _answers];
            }
        }
    }

    public IReadOnlyCollection<SecretUse> Uses
    {
        get
        {
            lock (_gate)
            {
                return [.. _secrets.Select(s => s.Use).Distinct()];
            }
        }
    }

    /// <summary>A new secret, with characters that every encoding changes.</summary>
    public MarkedSecret Make(SecretUse use, string label)
    {
        lock (_gate)
        {
            var secret = new MarkedSecret(_random, $"{use} {label}");
            _secrets.Add((use, secret));
            return secret;
        }
    }

    /// <summary>A secret that the server or the provider has made.</summary>
    public void Know(SecretUse use, string label, string value)
    {
        lock (_gate)
        {
            _secrets.Add((use, new MarkedSecret(value, $"{use} {label}")));
        }
    }

    public void Keep(Answer answer)
    {
        lock (_gate)
        {
            _answers.Add(answer);
        }
    }

    /// <summary>Where secrets stand in a text that none may be in.</summary>
    public IEnumerable<string> In(string where, string text) => In(where, Encoding.UTF8.GetBytes(text), _ => false);

    /// <summary>Where secrets stand in the files of a folder.</summary>
    public IEnumerable<string> InFiles(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .SelectMany(file => In(Path.GetFileName(file), File.ReadAllBytes(file), _ => false));

    /// <summary>Where secrets stand in answers that are not theirs.</summary>
    public IEnumerable<string> InAnswers() => Answers.SelectMany(answer =>
        In($"{answer.Name}, head", Encoding.UTF8.GetBytes(answer.Head), use => answer.HeadMayHold(use))
            .Concat(In($"{answer.Name}, body", answer.Body, use => answer.BodyMayHold(use))));

    private IEnumerable<string> In(string where, byte[] bytes, Func<SecretUse, bool> allowed)
    {
        lock (_gate)
        {
            return [.. from secret in _secrets
                       where !allowed(secret.Use)
                       let found = secret.Secret.FindIn(bytes)
                       where found is not null
                       select $"{where}: {found}"];
        }
    }
}

/// <summary>What a secret is for, which decides the one place where it may be seen.</summary>
internal enum SecretUse
{
    AccessToken,
    RefreshToken,
    IdToken,
    ClientSecret,
    PrivateKey,
    Code,
    State,
    Verifier,
    Browser,
    Link,
    CompletionCode,
    ApiKey,
}

/// <summary>An answer of the server, byte by byte.</summary>
internal sealed record Answer(string Method, Uri Address, int Status, string Head, byte[] Body)
{
    private string Path => Address.AbsolutePath;

    private bool IsPage => Path.StartsWith("/connect/", StringComparison.Ordinal) && !IsCallback;

    private bool IsCallback => Path.StartsWith("/connect/callback/", StringComparison.Ordinal);

    /// <summary>How a failed test names it. Not the query: it may hold what is searched for.</summary>
    public string Name => $"{Method} {(IsPage ? "/connect/{link}" : Path)} → {Status}";

    /// <summary>What may stand in the head: where browsers are sent with what is theirs.</summary>
    public bool HeadMayHold(SecretUse use) => use switch
    {
        SecretUse.State => IsPage && Method == "POST" && Status == 303,
        SecretUse.CompletionCode => IsCallback && Status == 303,
        SecretUse.Browser => IsPage,
        _ => false,
    };

    /// <summary>What may stand in the body: the answer that hands a secret out, once.</summary>
    public bool BodyMayHold(SecretUse use) => use switch
    {
        SecretUse.AccessToken => Status == 200 && (Path is "/v1/token" || Path.EndsWith("/token", StringComparison.Ordinal) || Path.EndsWith("/token/rejected", StringComparison.Ordinal)),
        SecretUse.ApiKey => Status == 201 && Path.StartsWith("/v1/api-keys", StringComparison.Ordinal),
        // A page shows the link to the person who opened it: to try again.
        SecretUse.Link => IsPage || IsCallback || (Status is 200 or 201 && (Path is "/v1/connect-sessions" || Path.EndsWith("/reconnect-link", StringComparison.Ordinal))),
        _ => false,
    };
}

/// <summary>Sees what a client gets from one server.</summary>
internal sealed class AnswerRecorder(SecretHunt hunt, Uri server) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        if (request.RequestUri!.Authority == server.Authority && answer.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            await answer.Content.LoadIntoBufferAsync(cancellationToken);
            LearnCookies(answer);
            hunt.Keep(new Answer(
                request.Method.Method, request.RequestUri, (int)answer.StatusCode, $"{answer.ReasonPhrase}\n{answer.Headers}{answer.Content.Headers}",
                await answer.Content.ReadAsByteArrayAsync(cancellationToken)));
        }

        return answer;
    }

    private void LearnCookies(HttpResponseMessage answer)
    {
        foreach (var cookie in answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [])
        {
            if (cookie.Split(';')[0].Split('=', 2)[1] is { Length: > 12 } value)
            {
                hunt.Know(SecretUse.Browser, "cookie", value);
            }
        }
    }
}
