using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rekindle.Sqlite;

/// <summary>
/// Chooses the native library once per process: the operating system's where it is newer than the bundled one, because
/// it is the one that gets security updates.
/// </summary>
internal static class SqliteLibrary
{
    // The SQLite that SQLitePCLRaw.bundle_e_sqlite3 2.0.6 carries: 3.35.5.
    private const int BundledVersion = 3_035_005;
    private const string BundledName = "e_sqlite3";
    private const string Provider = "SQLitePCLRaw.provider.e_sqlite3";

    private static readonly string[] SystemNames = ["libsqlite3.so.0", "/usr/lib/libsqlite3.dylib"];

    private delegate int VersionNumber();

    /// <summary>Runs the choice, at most once.</summary>
    public static void Load() => RuntimeHelpers.RunClassConstructor(typeof(Chosen).TypeHandle);

    private static nint NewerSystemLibrary()
    {
        foreach (var name in SystemNames)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
            {
                continue;
            }

            if (NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var address)
                && Marshal.GetDelegateForFunctionPointer<VersionNumber>(address)() > BundledVersion)
            {
                return library;
            }

            NativeLibrary.Free(library);
        }

        return 0;
    }

    private static class Chosen
    {
        static Chosen()
        {
            var system = NewerSystemLibrary();
            if (system != 0)
            {
                try
                {
                    NativeLibrary.SetDllImportResolver(
                        Assembly.Load(Provider), (name, _, _) => name == BundledName ? system : 0);
                }
                catch (InvalidOperationException)
                {
                    // The host application has set a resolver of its own for this provider: its choice stands.
                }
            }

            SQLitePCL.Batteries_V2.Init();
        }
    }
}
