using System.Text.Json.Nodes;
using Rekindle.Simulator.Grants;

namespace Rekindle.Simulator.Resources;

/// <summary>Who stands behind a grant, as ID tokens and userinfo tell.</summary>
internal sealed record Person(string Subject, string Name, string Email)
{
    public static Person Of(AuthorizationServer server, Grant grant)
    {
        var account = grant.Subject.Split('@')[0];
        var email = grant.Subject.Contains('@') ? grant.Subject : $"{account}@{server.Name}.example";
        return new Person(grant.Subject, account.Length == 0 ? grant.Subject : char.ToUpperInvariant(account[0]) + account[1..], email);
    }

    public JsonObject ToJson() => new()
    {
        ["sub"] = Subject,
        ["name"] = Name,
        ["email"] = Email,
        ["email_verified"] = true,
        ["preferred_username"] = Subject,
    };
}
