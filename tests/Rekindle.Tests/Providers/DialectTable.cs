using Rekindle.Refresh;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Rekindle.Tests.Providers;

/// <summary>One file of Dialects/: what a catalogue entry makes of requests and answers.</summary>
public sealed class DialectTable
{
    /// <summary>Key of another table whose cases hold here as well (variants).</summary>
    public string? CasesOf { get; set; }

    /// <summary>Values of the provider's URL variables.</summary>
    public Dictionary<string, string> Variables { get; set; } = [];

    /// <summary>Requests as they stand on the wire, by what they are for; <c>none</c> where there is none.</summary>
    public Dictionary<string, string> Requests { get; set; } = [];

    /// <summary>The facts that decide how careful the engine is.</summary>
    public Dictionary<string, string> Facts { get; set; } = [];

    public List<DialectCase> Cases { get; set; } = [];

    public static IReadOnlyDictionary<string, DialectTable> All { get; } = Load();

    /// <summary>The table's own cases and those it borrows, one for each value of <see cref="DialectCase.Each"/>.</summary>
    public IEnumerable<DialectCase> AllCases() =>
        (CasesOf is { } other ? All[other].Cases : []).Concat(Cases).SelectMany(one => one.Expand());

    private static Dictionary<string, DialectTable> Load()
    {
        const string prefix = "dialects/";
        var deserializer = new DeserializerBuilder()
            .WithNamingConvention(UnderscoredNamingConvention.Instance)
            .WithEnumNamingConvention(UnderscoredNamingConvention.Instance)
            .Build();
        var assembly = typeof(DialectTable).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[prefix.Length..^".yaml".Length], name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return deserializer.Deserialize<DialectTable>(reader);
            });
    }
}

/// <summary>An answer and what it means.</summary>
public sealed class DialectCase
{
    public string Name { get; set; } = "";

    /// <summary>Values put one by one in place of <c>{each}</c> in the body.</summary>
    public List<string> Each { get; set; } = [];

    public int Status { get; set; } = 200;

    public string ContentType { get; set; } = "application/json";

    public Dictionary<string, string> Headers { get; set; } = [];

    public string Body { get; set; } = "";

    public RefreshClass Class { get; set; } = RefreshClass.Success;

    public DisconnectReason? Reason { get; set; }

    /// <summary>Null: the class's own.</summary>
    public WhoActs? WhoActs { get; set; }

    /// <summary>Whether one connection is enough to halt the integration.</summary>
    public bool Halts { get; set; }

    public int? RetryAfterSeconds { get; set; }

    /// <summary>For successes: the refresh token that came; null: the stored one is kept.</summary>
    public string? RefreshToken { get; set; }

    /// <summary>For successes: seconds until the access token ends; null: it does not.</summary>
    public int? ExpiresInSeconds { get; set; }

    /// <summary>For successes: seconds until the refresh token ends, where the answer says so.</summary>
    public int? RefreshExpiresInSeconds { get; set; }

    /// <summary>For successes: scopes separated by spaces; null: not stated.</summary>
    public string? Scopes { get; set; }

    public Dictionary<string, string> Metadata { get; set; } = [];

    public IEnumerable<DialectCase> Expand()
    {
        if (Each.Count == 0)
        {
            return [this];
        }

        return Each.Select(value =>
        {
            var one = (DialectCase)MemberwiseClone();
            one.Name = $"{Name} ({value})";
            one.Body = Body.Replace("{each}", value, StringComparison.Ordinal);
            return one;
        });
    }
}
