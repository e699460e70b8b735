using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>All results that lie in a machine's journals, by connection: read without touching them.</summary>
internal sealed class JournalMemory
{
    private readonly Dictionary<ConnectionId, Dictionary<(int GrantNo, int Version), DateTimeOffset?>> _results = [];

    /// <summary>Reads every journal under the folder. What cannot be read says nothing.</summary>
    public static JournalMemory Read(JournalOptions options, KeyRing ring)
    {
        ArgumentNullException.ThrowIfNull(options);
        var memory = new JournalMemory();
        var root = Path.GetFullPath(options.Folder);
        if (!options.Enabled || !Directory.Exists(root))
        {
            return memory;
        }

        var key = ResultJournal.KeyOf(ring);
        foreach (var segment in Directory.EnumerateFiles(root, "*.journal", SearchOption.AllDirectories))
        {
            try
            {
                foreach (var record in JournalSegment.Read(segment, key).Records.OfType<JournalRecord.Kept>())
                {
                    memory.Add(record.Result);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                // Adoption reports it; here it only means that less is known.
            }
        }

        return memory;
    }

    /// <summary>What they say about a token set.</summary>
    public JournalledFate Of(ConnectionId id, int grantNo, int version)
    {
        if (!_results.TryGetValue(id, out var results) || !results.Keys.Any(p => IsAfter(p, grantNo, version)))
        {
            return JournalledFate.Unknown;
        }

        var (next, dueAt) = (version, default(DateTimeOffset?));
        while (results.TryGetValue((grantNo, next), out var due))
        {
            (next, dueAt) = (next + 1, due);
        }

        return next > version && !results.Keys.Any(p => IsAfter(p, grantNo, next)) ? JournalledFate.RecoverableUntil(dueAt) : JournalledFate.Superseded;
    }

    /// <summary>Notes a result.</summary>
    internal void Add(JournalledResult result)
    {
        if (!_results.TryGetValue(result.Attempt.ConnectionId, out var results))
        {
            _results[result.Attempt.ConnectionId] = results = [];
        }

        results[(result.GrantNo, result.Version)] = result.DueAt;
    }

    private static bool IsAfter((int GrantNo, int Version) parent, int grantNo, int version) =>
        parent.GrantNo > grantNo || (parent.GrantNo == grantNo && parent.Version >= version);
}

/// <summary>What the journals of a machine say about a connection's stored token set.</summary>
/// <param name="Kind">In a word.</param>
/// <param name="DueAt">When what they hold last was to be refreshed; null: never, or they hold nothing.</param>
internal readonly record struct JournalledFate(FateKind Kind, DateTimeOffset? DueAt = null)
{
    public static JournalledFate Unknown { get; } = new(FateKind.Unknown);

    public static JournalledFate Superseded { get; } = new(FateKind.Superseded);

    public static JournalledFate RecoverableUntil(DateTimeOffset? dueAt) => new(FateKind.Recoverable, dueAt);
}

/// <summary>Kinds of <see cref="JournalledFate"/>.</summary>
internal enum FateKind
{
    /// <summary>Nothing.</summary>
    Unknown,

    /// <summary>They hold what came after it, without a gap: it is stored as soon as the freeze ends.</summary>
    Recoverable,

    /// <summary>They hold something later, and not what came in between.</summary>
    Superseded,
}
