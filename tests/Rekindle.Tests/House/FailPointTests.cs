using System.Buffers.Binary;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Rekindle.Refresh;

namespace Rekindle.Tests.House;

/// <summary>What the crash drill needs is in its own build only: the assembly that ships cannot be told to end itself.</summary>
public sealed class FailPointTests
{
    private const byte Call = 0x28;

    [Fact]
    public void An_ordinary_build_never_comes_to_a_failpoint()
    {
        using var assembly = new PEReader(File.OpenRead(typeof(FailPoint).Assembly.Location));

        Assert.NotEmpty(CallersOf(assembly, nameof(RefreshClassifier), nameof(RefreshClassifier.Classify)));
        Assert.Empty(CallersOf(assembly, nameof(FailPoint), nameof(FailPoint.Reach)));
    }

    [Fact]
    public void An_ordinary_build_does_not_read_the_failpoints_variable()
    {
        using var assembly = new PEReader(File.OpenRead(typeof(FailPoint).Assembly.Location));
        var metadata = assembly.GetMetadataReader();
        var strings = new List<string>();
        for (var at = MetadataTokens.UserStringHandle(1); !at.IsNil; at = metadata.GetNextHandle(at))
        {
            strings.Add(metadata.GetUserString(at));
        }

        Assert.NotEmpty(strings);
        Assert.DoesNotContain(FailPoint.Variable, strings);
    }

    // A call inside one assembly names its target by token, which follows the opcode.
    private static IEnumerable<string> CallersOf(PEReader assembly, string type, string method)
    {
        var metadata = assembly.GetMetadataReader();
        var targets = metadata.MethodDefinitions
            .Where(m => NameOf(metadata, m) == $"{type}.{method}")
            .Select(m => MetadataTokens.GetToken(m)).ToHashSet();
        Assert.NotEmpty(targets);
        return
        [
            .. from caller in metadata.MethodDefinitions
               let address = metadata.GetMethodDefinition(caller).RelativeVirtualAddress
               where address != 0 && CallsAny(assembly.GetMethodBody(address).GetILBytes(), targets)
               select NameOf(metadata, caller),
        ];
    }

    private static bool CallsAny(byte[]? code, HashSet<int> targets)
    {
        for (var i = 0; i + 5 <= code?.Length; i++)
        {
            if (code[i] == Call && targets.Contains(BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(i + 1))))
            {
                return true;
            }
        }

        return false;
    }

    private static string NameOf(MetadataReader metadata, MethodDefinitionHandle handle)
    {
        var method = metadata.GetMethodDefinition(handle);
        return $"{metadata.GetString(metadata.GetTypeDefinition(method.GetDeclaringType()).Name)}.{metadata.GetString(method.Name)}";
    }
}
