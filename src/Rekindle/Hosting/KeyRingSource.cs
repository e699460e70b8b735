using Rekindle.Encryption;

namespace Rekindle.Hosting;

/// <summary>Finds the key ring where the settings say.</summary>
internal static class KeyRingSource
{
    public static KeyRing Load(RekindleOptions options) =>
        string.IsNullOrEmpty(options.KeyRing) ? KeyRingFile.Load(options.KeyRingFile) : KeyRing.FromBase64(options.KeyRing);
}
