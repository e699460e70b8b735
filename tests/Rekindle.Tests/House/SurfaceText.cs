using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Rekindle.Tests.House;

/// <summary>Types and members as one would write them.</summary>
internal static class SurfaceText
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(double)] = "double",
        [typeof(float)] = "float",
        [typeof(decimal)] = "decimal",
    };

    public static string Declaration(Type type)
    {
        var bases = new List<string>();
        if (type is { IsClass: true, BaseType: { } parent } && parent != typeof(object) && parent != typeof(MulticastDelegate))
        {
            bases.Add(Of(parent));
        }

        // An interface that another one brings along, or that every record has, is not said again.
        var interfaces = type.IsEnum || Kind(type) == "delegate" ? [] : type.GetInterfaces();
        bases.AddRange(interfaces
            .Where(candidate => candidate.IsVisible && !interfaces.Any(other => other.GetInterfaces().Contains(candidate)))
            .Where(candidate => type.BaseType?.GetInterfaces().Contains(candidate) != true)
            .Where(candidate => !IsRecord(type) || candidate != typeof(IEquatable<>).MakeGenericType(type))
            .Select(Of).Order(StringComparer.Ordinal));
        var signature = Kind(type) == "delegate" ? Parameters(type.GetMethod("Invoke")!) : "";
        return $"{Modifiers(type)}{Kind(type)} {Name(type)}{signature}{(bases.Count > 0 ? " : " + string.Join(", ", bases) : "")}";
    }

    public static string Name(Type type)
    {
        var name = type.Name.Split('`')[0];
        var own = type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).Select(Of).ToList();
        name = own.Count > 0 ? $"{name}<{string.Join(", ", own)}>" : name;
        return type.DeclaringType is { } outer && !type.IsGenericParameter ? $"{Name(outer)}.{name}" : name;
    }

    public static string Constructor(ConstructorInfo constructor) => $"{Access(constructor)}{constructor.DeclaringType!.Name.Split('`')[0]}{Parameters(constructor)}";

    public static string Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).Where(accessor => !accessor.IsPrivate && !accessor.IsAssembly).ToList();
        var written = accessors.Select(accessor => accessor.ReturnType == typeof(void)
            ? accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;"
            : "get;");
        var index = property.GetIndexParameters();
        var name = index.Length > 0 ? $"this[{string.Join(", ", index.Select(Parameter))}]" : property.Name;
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return $"{Access(accessors[0])}{required}{Of(property.PropertyType, Nullability.Create(property))} {name} {{ {string.Join(" ", written)} }}";
    }

    public static string Field(FieldInfo field)
    {
        var modifiers = field.IsLiteral ? "const " : field.IsStatic ? field.IsInitOnly ? "static readonly " : "static " : "";
        var value = field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : "";
        return $"{(field.IsPublic ? "" : "protected ")}{modifiers}{Of(field.FieldType, Nullability.Create(field))} {field.Name}{value}";
    }

    public static string Event(EventInfo added) => $"{Access(added.AddMethod!)}event {Of(added.EventHandlerType!, Nullability.Create(added))} {added.Name}";

    public static string Method(MethodInfo method)
    {
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Of))}>" : "";
        return $"{Access(method)}{Of(method.ReturnType, Nullability.Create(method.ReturnParameter))} {method.Name}{generic}{Parameters(method)}";
    }

    public static string Literal(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Modifiers(Type type) =>
        type.IsInterface || type.IsValueType || Kind(type) == "delegate" ? ""
        : type is { IsAbstract: true, IsSealed: true } ? "static "
        : type.IsAbstract ? "abstract "
        : type.IsSealed ? "sealed " : "";

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type.IsValueType ? (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (IsRecord(type) ? "record struct" : "struct")
        : IsRecord(type) ? "record" : "class";

    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is not null;

    private static string Access(MethodBase method)
    {
        var overrides = method is MethodInfo { IsVirtual: true } info && info.GetBaseDefinition() != info;
        var modifier = method.IsStatic ? "static "
            : method.DeclaringType!.IsInterface ? ""
            : overrides ? "override "
            : method.IsAbstract ? "abstract "
            : method is { IsVirtual: true, IsFinal: false } ? "virtual " : "";
        return (method.IsPublic ? "" : "protected ") + modifier;
    }

    private static string Parameters(MethodBase method)
    {
        var extension = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return $"({extension}{string.Join(", ", method.GetParameters().Select(Parameter))})";
    }

    private static string Parameter(ParameterInfo parameter)
    {
        var kind = parameter.IsOut ? "out "
            : parameter is { ParameterType.IsByRef: true, IsIn: true } ? "in "
            : parameter.ParameterType.IsByRef ? "ref "
            : parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "";
        var type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        var isDefault = parameter is { RawDefaultValue: null } && type.IsValueType && Nullable.GetUnderlyingType(type) is null;
        var value = parameter.HasDefaultValue ? isDefault ? " = default" : $" = {Literal(parameter.RawDefaultValue)}" : "";
        return $"{kind}{Of(type, Nullability.Create(parameter))} {parameter.Name}{value}";
    }

    private static string Of(Type type) => Of(type, null);

    private static string Of(Type type, NullabilityInfo? nullability)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying) + "?";
        }

        var mark = nullability is { ReadState: NullabilityState.Nullable } && !type.IsValueType ? "?" : "";
        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[]{mark}";
        }

        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword + mark;
        }

        if (!type.IsGenericType)
        {
            return (type.IsGenericParameter ? type.Name : Name(type)) + mark;
        }

        var arguments = type.GetGenericArguments()
            .Select((argument, i) => Of(argument, nullability?.GenericTypeArguments is { } known && i < known.Length ? known[i] : null));
        return $"{type.Name.Split('`')[0]}<{string.Join(", ", arguments)}>{mark}";
    }
}
