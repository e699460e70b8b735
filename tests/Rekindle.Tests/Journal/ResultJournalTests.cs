using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Refresh;
using Rekindle.Testing;

namespace Rekindle.Tests.Journal;

[Trait("Req", "F4")]
public sealed class ResultJournalTests : IDisposable
{
    private readonly TempFolder _root = new();
    private readonly ManualClock _clock = new();
    private readonly KeyRing _ring = KeyRing.Generate(Given.Now);
    private int _instances;

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task What_is_kept_is_on_the_disk_before_it_is_said_to_be()
    {
        using var journal = await OpenAsync();
        var result = Given.Result();

        Assert.True(await journal.KeepAsync(result));

        Assert.Equal(1, journal.Pending);
        Assert.Equal([result.Attempt.Id], Content(journal).Results.Select(r => r.Attempt.Id));
    }

    [Fact]
    public async Task What_the_database_has_is_pending_no_longer_and_kept_for_a_while()
    {
        using var journal = await OpenAsync();
        var result = Given.Result();
        await journal.KeepAsync(result);

        journal.Settle(result.Attempt.Id);
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));

        Assert.Equal(0, journal.Pending);
        Assert.True(Assert.Single(Content(journal).Results).IsSettled);
        _clock.Advance(TimeSpan.FromMinutes(11));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));
        Assert.Empty(Content(journal).Results);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_handed_in_comes_to_the_disk_though_nobody_stopped_the_host(bool twice)
    {
        var journal = await OpenAsync(slots: 1);
        var kept = Enumerable.Range(1, 200).Select(i => journal.KeepAsync(Given.Result(i, tokenBytes: 4000))).ToArray();

        journal.Dispose();
        if (twice)
        {
            journal.Dispose();
        }

        Assert.All(await Task.WhenAll(kept), Assert.True);
        Assert.Equal(200, Content(journal).Results.Count);
        Assert.False(await journal.KeepAsync(Given.Result(201, tokenBytes: 10)));
    }

    [Fact]
    public async Task What_was_settled_before_a_long_absence_of_the_database_is_kept_until_it_was_there_again()
    {
        using var journal = await OpenAsync(slots: 1);
        journal.Confirm();
        for (var i = 0; i < 600; i++)
        {
            var result = Given.Result(i + 1, tokenBytes: 4000);
            await journal.KeepAsync(result);
            journal.Settle(result.Attempt.Id);
        }

        _clock.Advance(TimeSpan.FromHours(2));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));
        var absent = await ReadBackAsync(journal);
        journal.Confirm();
        _clock.Advance(TimeSpan.FromMinutes(1));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));

        Assert.Equal(600, absent.Count);
        Assert.True((await ReadBackAsync(journal)).Count < 600);
    }

    [Fact]
    public async Task What_it_reads_back_is_all_that_was_kept_before_in_its_order()
    {
        using var journal = await OpenAsync(slots: 1);
        var results = Enumerable.Range(1, 600).Select(v => Given.Result(v, tokenBytes: 4000)).ToArray();
        var keeping = results.Select(journal.KeepAsync).ToArray();

        var read = await ReadBackAsync(journal);

        Assert.Equal(results.Select(r => r.Attempt.Id), read);
        await Task.WhenAll(keeping);
    }

    [Fact]
    [Trait("Failure", "F03")]
    public async Task What_a_segment_held_that_could_not_be_synced_is_written_again_to_the_next()
    {
        var healthy = true;
        using var journal = Create(
            new JournalOptions { Folder = _root.File("journal"), AllowEphemeral = true, SegmentMegabytes = 1 }, slots: 1,
            segment =>
            {
                if (!healthy)
                {
                    throw new IOException("the disk does not answer");
                }

                segment.Sync();
            });
        await journal.StartAsync(default);
        var kept = Given.Result();
        Assert.True(await journal.KeepAsync(kept));
        var settled = Given.Result(2);
        await journal.KeepAsync(settled);
        journal.Settle(settled.Attempt.Id);
        healthy = false;
        var unsynced = Given.Result(3);
        Assert.False(await journal.KeepAsync(unsynced));
        healthy = true;

        Assert.True(await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1)));
        await journal.StopAsync(default);

        // As if the machine had died and the segment with it.
        File.Delete(Folder(journal).Order(StringComparer.Ordinal).First());
        Assert.Equal([kept.Attempt.Id, unsynced.Attempt.Id], Content(journal).Results.Select(r => r.Attempt.Id));
    }

    [Fact]
    public async Task A_thousand_results_at_once_are_all_kept_over_several_segments()
    {
        using var journal = await OpenAsync(slots: 1);
        var results = Enumerable.Range(1, 1000).Select(v => Given.Result(v, tokenBytes: 4000)).ToArray();

        var kept = await Task.WhenAll(results.Select(journal.KeepAsync));

        Assert.All(kept, Assert.True);
        Assert.Equal(results.Select(r => r.Attempt.Id), Content(journal).Results.Select(r => r.Attempt.Id));
        Assert.True(Folder(journal).Length > 3);
    }

    [Fact]
    public async Task Full_segments_go_once_settled_and_old()
    {
        using var journal = await OpenAsync(slots: 1);
        for (var i = 0; i < 600; i++)
        {
            var result = Given.Result(i + 1, tokenBytes: 4000);
            await journal.KeepAsync(result);
            journal.Settle(result.Attempt.Id);
        }

        var before = Folder(journal).Length;
        _clock.Advance(TimeSpan.FromMinutes(11));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));

        Assert.True(before >= 4, $"{before} segments");
        Assert.Equal(2, Folder(journal).Length);
    }

    [Fact]
    public async Task A_segment_with_an_unsettled_result_stays_however_old_it_is()
    {
        using var journal = await OpenAsync(slots: 1);
        var unsettled = Given.Result();
        await journal.KeepAsync(unsettled);
        for (var i = 0; i < 600; i++)
        {
            var result = Given.Result(i + 1, tokenBytes: 4000);
            await journal.KeepAsync(result);
            journal.Settle(result.Attempt.Id);
        }

        _clock.Advance(TimeSpan.FromDays(1));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));

        Assert.Equal([unsettled.Attempt.Id], Content(journal).Results.Select(r => r.Attempt.Id));
    }

    [Fact]
    [Trait("Failure", "F03")]
    public async Task Without_space_for_the_next_results_it_says_so_and_recovers_when_there_is_some()
    {
        using var journal = await OpenAsync(slots: 1);
        var folder = Path.Combine(journal.Root!, "journal-1");
        var away = folder + ".away";
        Directory.Move(folder, away);

        while (journal.CanKeep)
        {
            await journal.KeepAsync(Given.Result(1, tokenBytes: 60_000));
        }

        // Nothing is sent meanwhile that could tell the journal of it: it looks by itself.
        Directory.Move(away, folder);
        for (var waited = Stopwatch.StartNew(); !journal.CanKeep && waited.Elapsed < TimeSpan.FromSeconds(30);)
        {
            _clock.Advance(TimeSpan.FromSeconds(2));
            await Task.Yield();
        }

        Assert.True(journal.CanKeep);
        Assert.True(await journal.KeepAsync(Given.Result()));
    }

    [Fact]
    public async Task A_segment_that_cannot_be_deleted_does_not_end_the_journal()
    {
        using var journal = await OpenAsync(slots: 1);
        for (var i = 0; i < 600; i++)
        {
            var result = Given.Result(i + 1, tokenBytes: 4000);
            await journal.KeepAsync(result);
            journal.Settle(result.Attempt.Id);
        }

        var folder = Path.Combine(journal.Root!, "journal-1");
        Directory.Move(folder, folder + ".away");
        _clock.Advance(TimeSpan.FromMinutes(11));
        await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1));
        Directory.Move(folder + ".away", folder);

        Assert.True(await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1)));
    }

    [Fact]
    public void What_else_lies_in_the_root_is_left_alone()
    {
        var lost = Directory.CreateDirectory(_root.File("lost+found")).FullName;

        Assert.Empty(JournalFolder.Adopt(_root.Path));
        Assert.True(Directory.Exists(lost));
    }

    [Fact]
    public async Task A_journal_is_adopted_only_after_its_process_is_gone()
    {
        var first = await OpenAsync();
        await first.KeepAsync(Given.Result());
        using var second = await OpenAsync();

        Assert.Empty(JournalFolder.Adopt(second.Root!));

        await first.StopAsync(default);
        using var adopted = Assert.Single(JournalFolder.Adopt(second.Root!));
        Assert.Equal("journal-1", adopted.InstanceId);
        Assert.True(adopted.IsOfThisBoot);
        first.Dispose();
    }

    [Fact]
    public void A_folder_in_memory_is_refused_unless_the_operator_accepts_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Directory.Exists("/dev/shm"), "Only Linux keeps a file system in memory at a known place.");
        var options = new JournalOptions { Folder = Path.Combine("/dev/shm", $"rekindle-{Guid.NewGuid():N}") };
        try
        {
            var refused = Assert.Throws<JournalException>(() => JournalFolder.Prepare(options, isDevelopment: false));

            Assert.Contains("Rekindle:Journal:AllowEphemeral=true", refused.Message, StringComparison.Ordinal);
            Assert.Equal(options.Folder, JournalFolder.Prepare(options, isDevelopment: true));
            options.AllowEphemeral = true;
            Assert.Equal(options.Folder, JournalFolder.Prepare(options, isDevelopment: false));
        }
        finally
        {
            Directory.Delete(options.Folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Req", "I13")]
    public async Task Its_folders_are_its_owner_s_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        using var journal = await OpenAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(journal.Root!, "journal-1")));
    }

    [Fact]
    public async Task Switched_off_it_keeps_nothing_and_hinders_nothing()
    {
        using var journal = Create(new JournalOptions { Enabled = false, Folder = _root.File("none") }, slots: 64);
        await journal.StartAsync(default);

        Assert.True(journal.CanKeep);
        Assert.True(await journal.SentAsync(Guid.NewGuid(), new ConnectionId(1)));
        Assert.False(await journal.KeepAsync(Given.Result()));
        Assert.False(Directory.Exists(_root.File("none")));
    }

    private async Task<ResultJournal> OpenAsync(int slots = 64)
    {
        var journal = Create(new JournalOptions { Folder = _root.File("journal"), AllowEphemeral = true, SegmentMegabytes = 1 }, slots);
        await journal.StartAsync(default);
        return journal;
    }

    private ResultJournal Create(JournalOptions options, int slots, Action<JournalSegment>? sync = null) => new(
        options, new RefreshOptions { Slots = slots }, _ring, new WorkerIdentity($"journal-{++_instances}", "1.0", Given.Now), _clock, null,
        NullLogger<ResultJournal>.Instance)
    {
        SyncSegment = sync ?? (static segment => segment.Sync()),
    };

    private static async Task<IReadOnlyList<Guid>> ReadBackAsync(ResultJournal journal)
    {
        var read = new List<Guid>();
        await foreach (var records in journal.ReadBackAsync())
        {
            read.AddRange(records.OfType<JournalRecord.Kept>().Select(k => k.Result.Attempt.Id));
        }

        return read;
    }

    private static string[] Folder(ResultJournal journal) => Directory.GetFiles(Path.Combine(journal.Root!, "journal-1"), "*.journal");

    private JournalContent Content(ResultJournal journal) => JournalContent.Of(
        [.. Folder(journal).Order(StringComparer.Ordinal).SelectMany(path => JournalSegment.Read(path, ResultJournal.KeyOf(_ring)).Records)],
        TimeSpan.FromMinutes(10));
}
