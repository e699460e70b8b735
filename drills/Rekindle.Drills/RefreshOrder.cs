using System.Text.Json;

namespace Rekindle.Drills;

/// <summary>An operator's order to refresh a connection now.</summary>
internal static class RefreshOrder
{
    /// <summary>The token that came of it, or null.</summary>
    public static async Task<string?> TryAsync(HttpClient server, string connection)
    {
        try
        {
            using var answer = await server.PostAsync(new Uri($"/v1/connections/{connection}/refresh", UriKind.Relative), null);
            using var refreshed = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync());
            if (!refreshed.RootElement.TryGetProperty("refreshed", out var yes) || !yes.GetBoolean())
            {
                return null;
            }

            using var token = await server.GetAsync(new Uri($"/v1/connections/{connection}/token", UriKind.Relative));
            using var body = await JsonDocument.ParseAsync(await token.Content.ReadAsStreamAsync());
            return body.RootElement.TryGetProperty("access_token", out var value) ? value.GetString() : null;
        }
        catch (HttpRequestException)
        {
            // Nobody is at home for a moment: asked again.
            return null;
        }
    }
}
