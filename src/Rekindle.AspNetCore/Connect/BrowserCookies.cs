using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Rekindle.Encryption;

namespace Rekindle.AspNetCore.Connect;

/// <summary>
/// One cookie per session: it proves that the form was sent from our page, and then that the browser which comes back is the one
/// that left. <c>__Host-</c> keeps neighbouring hosts from setting it; over plain http, which is for development on
/// loopback only, browsers refuse that prefix, so the name is another.
/// </summary>
internal sealed class BrowserCookies
{
    private readonly byte[] _key;

    public BrowserCookies(KeyRing ring) => _key = ring.DeriveKey("connect-form");

    /// <summary>The cookie of a session; null: the browser has none.</summary>
    /// <remarks>Only by the name that it is written under: how a proxy reaches us says nothing about how the browser reached the proxy.</remarks>
    public static string? Read(HttpContext http, string session, Uri site) => http.Request.Cookies[NameOf(session, IsSecure(site))];

    public static void Write(HttpContext http, string session, string value, Uri site)
    {
        var secure = IsSecure(site);
        http.Response.Cookies.Append(NameOf(session, secure), value, Options(secure, TimeSpan.FromHours(1)));
    }

    public static void Delete(HttpContext http, string session, Uri site)
    {
        var secure = IsSecure(site);
        http.Response.Cookies.Append(NameOf(session, secure), "", Options(secure, TimeSpan.Zero));
    }

    /// <summary>The session that a link names, whoever made the link.</summary>
    public static string SessionOf(string link) => link.Split('.')[0];

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Stands in the form and fits this cookie only: another site can neither read nor make it.</summary>
    public string ProofOf(string link, string cookie) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{link}\n{cookie}")));

    public bool IsProof(string? proof, string link, string? cookie) => proof is not null && cookie is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(proof), Encoding.UTF8.GetBytes(ProofOf(link, cookie)));

    private static bool IsSecure(Uri site) => site.Scheme == Uri.UriSchemeHttps;

    // Lax: the way back from the provider begins at another site.
    private static CookieOptions Options(bool secure, TimeSpan age) => new()
    {
        HttpOnly = true,
        Secure = secure,
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = age,
    };

    private static string NameOf(string session, bool secure)
    {
        var tag = new string([.. session.Skip(3).Take(12).Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')]);
        return secure ? $"__Host-rekindle-{tag}" : $"rekindle-{tag}";
    }
}
