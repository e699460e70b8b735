// The engine inside an application of one's own: no server, no HTTP between. Start it with the key ring in a file:
//   dotnet run --project samples/Embedded
// It makes embedded.keys, embedded.journal and embedded.db in the working folder, refreshes what is in them, and answers GET /token/{integration}/{user}.
using Rekindle.Connections;
using Rekindle.Encryption;

const string Keys = "embedded.keys";
if (!File.Exists(Keys))
{
    KeyRingFile.Create(Keys, TimeProvider.System.GetUtcNow());
}

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddRekindle(options =>
{
    options.KeyRingFile = Keys;
    options.Journal.Folder = "embedded.journal";

    // What stands in appsettings.json or in variables such as Rekindle__Refresh__WorkerEnabled wins: on web nodes beside a worker, say false.
    builder.Configuration.GetSection("Rekindle").Bind(options);
}).UseSqlite("embedded.db");

// A refresh under way is finished, and its answer kept, before the process ends.
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(90));
var app = builder.Build();

app.MapGet("/token/{integration}/{user}", async (string integration, string user, TokenReader tokens, CancellationToken cancellationToken) =>
{
    try
    {
        // In a real application the token goes into the Authorization header of a call to the provider, never to a browser.
        var token = await tokens.GetAsync(integration, user, cancellationToken: cancellationToken);
        return Results.Ok(new { token.ExpiresAt, token.Version, token.Scopes });
    }
    catch (TokenUnavailableException e)
    {
        return Results.Problem(e.Error.Message, statusCode: 409, title: e.Error.Code.ToString());
    }
});

app.Run();
