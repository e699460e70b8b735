using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Rekindle.Tests.House;

/// <summary>Renders what an assembly promises to those who reference it: public and protected, one line per member.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The text of each namespace.</summary>
    public static SortedDictionary<string, string> Render(Assembly assembly)
    {
        var namespaces = assembly.GetTypes().Where(IsPromised).GroupBy(type => type.Namespace ?? "");
        return new SortedDictionary<string, string>(namespaces.ToDictionary(types => types.Key, Render), StringComparer.Ordinal);
    }

    private static string Render(IGrouping<string, Type> types)
    {
        var text = new StringBuilder($"namespace {types.Key}\n");
        foreach (var type in types.OrderBy(SurfaceText.Name, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{SurfaceText.Declaration(type)}\n");
            foreach (var member in Members(type))
            {
                text.Append(CultureInfo.InvariantCulture, $"    {member}\n");
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"{field.Name} = {SurfaceText.Literal(field.GetRawConstantValue())}");
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return [];
        }

        return
        [
            .. type.GetConstructors(Declared).Where(IsPromised).Where(IsWritten).Select(SurfaceText.Constructor).Order(StringComparer.Ordinal),
            .. Sorted(type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly), SurfaceText.Field),
            .. Sorted(type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsPromised)), SurfaceText.Property),
            .. Sorted(type.GetEvents(Declared).Where(added => IsPromised(added.AddMethod!)), SurfaceText.Event),
            .. Sorted(type.GetMethods(Declared).Where(IsPromised).Where(method => !method.IsSpecialName || IsOperator(method)), SurfaceText.Method),
        ];
    }

    private static IEnumerable<string> Sorted<T>(IEnumerable<T> members, Func<T, string> render)
        where T : MemberInfo =>
        members.Where(IsWritten).Select(member => (member.Name, Text: render(member)))
            .OrderBy(member => member.Name, StringComparer.Ordinal).ThenBy(member => member.Text, StringComparer.Ordinal)
            .Select(member => member.Text);

    private static bool IsPromised(Type type) =>
        type.IsNested ? (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsPromised(type.DeclaringType!) : type.IsPublic;

    private static bool IsPromised(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    // What the compiler adds to a record is implied by "record".
    private static bool IsWritten(MemberInfo member) => !member.IsDefined(typeof(CompilerGeneratedAttribute)) && member.Name != "EqualityContract";

    private static bool IsOperator(MethodInfo method) => method.Name.StartsWith("op_", StringComparison.Ordinal);
}
