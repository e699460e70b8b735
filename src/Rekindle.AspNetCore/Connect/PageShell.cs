using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Rekindle.AspNetCore.Connect;

/// <summary>What every connect page has around it. Nothing is loaded, no script runs, nobody may frame it, and it is kept nowhere.</summary>
internal static class PageShell
{
    private const string Style =
        """
        :root{color-scheme:light dark;--text:#1c1c22;--back:#f4f4f7;--card:#fff;--line:#70707c;--strong:#1d4f91;--on:#fff;--bad:#a3171c;--soft:#4c4c57}
        @media (prefers-color-scheme:dark){:root{--text:#ececf1;--back:#15151a;--card:#212128;--line:#9090a0;--strong:#9cc3f8;--on:#10203a;--bad:#ff9d9d;--soft:#b9b9c6}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
        main{max-width:32rem;margin:2rem auto;padding:1.5rem;background:var(--card);border-radius:.5rem}
        @media (max-width:34rem){main{margin:0;min-height:100vh;border-radius:0}}
        h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
        label,legend{font-weight:600;display:block}
        .field{margin:0 0 1.25rem}
        .help{margin:0;color:var(--soft)}
        .bad{margin:.25rem 0 0;color:var(--bad);font-weight:600}
        .bad[role=alert]{margin:0 0 1.25rem}
        ::placeholder{color:var(--soft);opacity:1}
        input,select{font:inherit;color:inherit;background:var(--card);width:100%;min-height:2.75rem;margin-top:.25rem;padding:.375rem .625rem;border:1px solid var(--line);border-radius:.375rem}
        [aria-invalid=true]{border:2px solid var(--bad)}
        button,.button{font:inherit;font-weight:600;display:block;width:100%;min-height:2.75rem;padding:.625rem 1rem;border:1px solid var(--strong);border-radius:.375rem;background:var(--strong);color:var(--on);text-align:center;text-decoration:none;cursor:pointer}
        ul.choices{list-style:none;margin:0;padding:0}
        ul.choices li{margin:0 0 .75rem}
        a{color:var(--strong)}
        a.button{color:var(--on)}
        :focus-visible{outline:3px solid var(--strong);outline-offset:2px}
        small{color:var(--soft)}
        """;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly string StyleHash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)));

    /// <summary>Text as it may stand in an element or a quoted attribute.</summary>
    public static string Text(string? value) => Encoder.Encode(value ?? "");

    /// <summary>Headers of every answer, redirects included.</summary>
    public static void WriteHeaders(HttpContext http, bool developing)
    {
        // Some browsers hold form-action against every redirect that follows a form, so the provider, wherever it sends the
        // browser on to, and the way back to the operator's product must be among its sources.
        var elsewhere = developing ? "https: http://localhost:* http://127.0.0.1:*" : "https:";
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'sha256-{StyleHash}'; form-action 'self' {elsewhere}; base-uri 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    public static async Task WriteAsync(HttpContext http, int status, string title, string body)
    {
        var page = Encoding.UTF8.GetBytes(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>{Text(title)}</title>
            <style>{Style}</style>
            </head>
            <body>
            <main>
            <h1>{Text(title)}</h1>
            {body}
            </main>
            </body>
            </html>
            """);
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = page.Length;
        await http.Response.Body.WriteAsync(page, http.RequestAborted).ConfigureAwait(false);
    }
}
