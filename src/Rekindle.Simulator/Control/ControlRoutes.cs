using System.Text.Json;

namespace Rekindle.Simulator.Control;

/// <summary>
/// Maps the control API's addresses. What a handler returns is the answer as JSON, nothing is 204, a mistake is 400 with
/// its text. Handlers are plain functions and not minimal-API delegates: those are compiled at every start, and tests
/// start many simulators.
/// </summary>
internal sealed class ControlRoutes(IEndpointRouteBuilder routes, SimulatorHost host)
{
    public void Get(string path, Func<ControlRequest, object?> handle) =>
        Map("GET", path, request => ValueTask.FromResult(handle(request)));

    public void Get(string path, Func<ControlRequest, ValueTask<object?>> handle) => Map("GET", path, handle);

    public void Do(string method, string path, Action<ControlRequest> handle) => Map(method, path, request =>
    {
        handle(request);
        return ValueTask.FromResult<object?>(null);
    });

    /// <summary>A request with a body.</summary>
    public void Do<T>(string method, string path, Func<ControlRequest, T, object?> handle) =>
        Map(method, path, async request => handle(request, await request.ReadAsync<T>()));

    private void Map(string method, string path, Func<ControlRequest, ValueTask<object?>> handle) =>
        routes.MapMethods($"/_control{path}", [method], (RequestDelegate)(context => ServeAsync(context, handle)));

    private async Task ServeAsync(HttpContext context, Func<ControlRequest, ValueTask<object?>> handle)
    {
        try
        {
            var result = await handle(new ControlRequest(context, host));
            if (result is null)
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            await context.Response.WriteAsJsonAsync(result, result.GetType(), ControlJson.Options, context.RequestAborted);
        }
        catch (Exception mistake) when (mistake is ArgumentException or JsonException or InvalidOperationException)
        {
            await ExplainAsync(context, StatusCodes.Status400BadRequest, mistake.Message);
        }
        catch (TimeoutException mistake)
        {
            await ExplainAsync(context, StatusCodes.Status408RequestTimeout, mistake.Message);
        }
    }

    private static Task ExplainAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { title = text, status }, ControlJson.Options, "application/problem+json");
    }
}
