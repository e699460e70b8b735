using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Server.Commands;

/// <summary>Turns what stops a verb into words and an exit code; an operator is not helped by a stack trace.</summary>
internal static class Failures
{
    public static async Task<int> CatchAsync(Func<Task<int>> verb)
    {
        try
        {
            return await verb();
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"rekindle-server: {Describe(e)}");
            return 1;
        }
    }

    private static string Describe(Exception e) => e switch
    {
        OptionsValidationException validation => new SettingsException([.. validation.Failures]).Message,
        KeyRingException { InnerException: FileNotFoundException or DirectoryNotFoundException } => $"{e.Message} The first time, run: rekindle-server init",
        SettingsException or RekindleException or StoreException or ProviderCatalogueException => e.Message,
        IOException { InnerException: SocketException } or IOException when e.Message.Contains("address already in use", StringComparison.OrdinalIgnoreCase) =>
            $"{e.Message} Another program listens there: stop it, or choose another address with --set Listen=http://127.0.0.1:8421.",
        IOException or UnauthorizedAccessException or InvalidDataException => e.Message,
        _ => $"a defect: {e.GetType().Name}: {e.Message}",
    };
}
