using Microsoft.AspNetCore.WebUtilities;

namespace Rekindle.Simulator.Authorize;

/// <summary>The parameters of an authorization request. The consent page carries them along unchanged.</summary>
internal sealed record AuthorizationRequest
{
    /// <summary>Names of the parameters that are read, in the order in which the page carries them.</summary>
    public static readonly string[] ParameterNames =
    [
        "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt", "access_type", "login_hint",
        "code_challenge", "code_challenge_method",
    ];

    private AuthorizationRequest(IReadOnlyDictionary<string, string?> parameters) => Parameters = parameters;

    public IReadOnlyDictionary<string, string?> Parameters { get; }

    public string? ClientId => this["client_id"];

    public string RedirectUri => this["redirect_uri"] ?? "";

    public string? ResponseMode => this["response_mode"];

    public string? State => this["state"];

    public string? LoginHint => this["login_hint"];

    public string? Challenge => this["code_challenge"];

    public IReadOnlyList<string> Scopes => (this["scope"] ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);

    public string? this[string name] => Parameters.GetValueOrDefault(name);

    public static AuthorizationRequest From(Func<string, string?> read) => new(ParameterNames
        .Select(name => (Name: name, Value: read(name)))
        .Where(parameter => !string.IsNullOrEmpty(parameter.Value))
        .ToDictionary(parameter => parameter.Name, parameter => parameter.Value));

    /// <summary>The address of the answer.</summary>
    public string Answer(IReadOnlyDictionary<string, string?> values) => QueryHelpers.AddQueryString(RedirectUri, values);
}
