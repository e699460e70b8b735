using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Hosting;
using Rekindle.Journal;

namespace Rekindle.Server.Commands;

/// <summary><c>journal</c>: what the journals on this machine hold, also while servers write them. It reads files and the key ring, no database.</summary>
internal sealed class JournalCommand : Command
{
    private const int MostLines = 100;

    private static readonly JsonSerializerOptions Form = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private readonly Option<bool> _all = new("--all") { Description = "Every entry, not only those that the database does not have" };
    private readonly Option<string?> _connection = new("--connection") { Description = "Only entries of this connection", HelpName = "id" };
    private readonly Option<bool> _json = new("--json") { Description = "As JSON, without limit" };

    public JournalCommand(SettingOptions settings)
        : base(
            "journal",
            """
            Show what the journals on this machine keep for the database: instants, ids and states, never a token. Works while servers run, and
            while the database is away.

              rekindle-server journal                                  what the database does not have yet
              rekindle-server journal --all --connection con_0123456789abc
              rekindle-server journal --json | jq '.journals[].open'
            """)
    {
        Options.Add(_all);
        Options.Add(_connection);
        Options.Add(_json);
        _connection.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !ConnectionId.TryParse(text, out _))
            {
                result.AddError($"--connection {text}: a connection's id looks like con_0123456789abc.");
            }
        });
        SetAction((parsed, _) => RunAsync(
            settings.Of(parsed), parsed.GetValue(_all), parsed.GetValue(_json), ConnectionId.TryParse(parsed.GetValue(_connection), out var id) ? id : null));
    }

    private static Task<int> RunAsync(ServerArguments arguments, bool all, bool json, ConnectionId? connection) => Failures.CatchAsync(async () =>
    {
        await using var app = ServerApp.BuildForVerb(arguments);
        var reader = new JournalReader(app.Services.GetRequiredService<RekindleOptions>().Journal, app.Services.GetRequiredService<KeyRing>());
        var journals = reader.Read().Select(j => Shown.Of(j, all, connection)).ToArray();
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { folder = reader.Folder, journals }, Form));
            return 0;
        }

        Console.WriteLine($"{reader.Folder}: {journals.Length} journals");
        Array.ForEach(journals, Write);
        return 0;
    });

    private static void Write(Shown journal)
    {
        Console.WriteLine();
        Console.WriteLine(
            $"{journal.InstanceId}  {(journal.Running ? "its server runs" : "its server is gone: the next one on this machine adopts it")}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {journal.Open} entries that the database does not have{(journal.OldestOpenAt is { } at ? $", the oldest of {at:u}" : "")}; "
            + $"{journal.Segments.Count} files, {journal.Segments.Sum(s => s.Bytes) >> 20} MiB, {journal.Segments.Sum(s => s.Records)} records"));
        foreach (var segment in journal.Segments.Where(s => s.Problem is not null))
        {
            Console.WriteLine($"  {segment.File}: {segment.Problem}");
        }

        foreach (var entry in journal.Entries.Take(MostLines))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {entry.At:yyyy-MM-ddTHH:mm:ss.fffZ}  {entry.State.ToString().ToLowerInvariant(),-12}  {entry.Kind.ToString().ToLowerInvariant(),-8}  {entry.ConnectionId}  {entry.AttemptId}").TrimEnd());
        }

        if (journal.Entries.Count > MostLines)
        {
            Console.WriteLine($"  and {journal.Entries.Count - MostLines} more: --json shows all");
        }
    }

    private sealed record Shown(
        string InstanceId, bool Running, int Open, DateTimeOffset? OldestOpenAt, IReadOnlyList<JournalSegmentView> Segments, IReadOnlyList<ShownEntry> Entries)
    {
        public static Shown Of(JournalView journal, bool all, ConnectionId? connection)
        {
            var open = journal.Entries.Where(e => e.State == JournalEntryState.Open).ToArray();
            var entries = journal.Entries.Where(e => (all || e.State == JournalEntryState.Open) && (connection ?? e.ConnectionId) == e.ConnectionId);
            return new(
                journal.InstanceId, journal.IsRunning, open.Length, open.Length == 0 ? null : open[0].At, journal.Segments,
                [.. entries.Select(e => new ShownEntry(e.At, e.State, e.Kind, e.ConnectionId.ToString(), e.AttemptId))]);
        }
    }

    private sealed record ShownEntry(DateTimeOffset At, JournalEntryState State, JournalEntryKind Kind, string ConnectionId, Guid? AttemptId);
}
