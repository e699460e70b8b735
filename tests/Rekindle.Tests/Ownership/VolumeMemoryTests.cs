using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Tests.Ownership;

/// <summary>What the journal's folder remembers of a database (I14).</summary>
[Trait("Req", "I14")]
public sealed class VolumeMemoryTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_next_process_remembers_what_this_one_saw_when_it_ended()
    {
        var memory = Memory();
        memory.Load("id");
        memory.Note(Owner(2, _clock.Now));
        memory.Note(Owner(2, _clock.Now.AddSeconds(5)));

        memory.Save("id");

        Assert.Equal(new RememberedMark(2, _clock.Now.AddSeconds(5)), Memory().Load("id"));
        Assert.Null(Memory().Load("another"));
    }

    [Fact]
    public void It_is_written_once_a_minute_and_at_once_when_the_owner_was_confirmed()
    {
        var memory = Memory();
        memory.Load("id");
        var first = _clock.Now;
        memory.Note(Owner(2, first));
        _clock.Advance(TimeSpan.FromSeconds(59));
        memory.Note(Owner(2, _clock.Now));
        var early = Memory().Load("id");
        memory.Note(Owner(3, _clock.Now));
        var confirmed = Memory().Load("id");
        _clock.Advance(TimeSpan.FromSeconds(60));
        memory.Note(Owner(3, _clock.Now));

        Assert.Equal(new RememberedMark(2, first), early);
        Assert.Equal(3, confirmed?.Epoch);
        Assert.Equal(new RememberedMark(3, _clock.Now), Memory().Load("id"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("three 2026-05-01T12:00:00.0000000+00:00")]
    [InlineData("3 yesterday")]
    public void A_damaged_file_remembers_nothing(string text)
    {
        File.WriteAllText(_folder.File("id.database"), text);

        Assert.Null(Memory().Load("id"));
    }

    [Fact]
    public void A_folder_that_is_missing_stops_nothing()
    {
        var memory = Memory(Path.Combine(_folder.Path, "missing"));
        memory.Load("id");

        memory.Note(Owner(1, _clock.Now));

        Assert.Equal(new RememberedMark(1, _clock.Now), memory.Current);
    }

    [Fact]
    public void Without_a_journal_only_the_process_remembers()
    {
        var memory = Memory(enabled: false);
        memory.Load("id");

        memory.Note(Owner(1, _clock.Now));

        Assert.NotNull(memory.Current);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    private static DatabaseOwner Owner(long epoch, DateTimeOffset mark) => new() { DatabaseId = "id", Place = new("d", "e"), Epoch = epoch, Mark = mark };

    private VolumeMemory Memory(string? folder = null, bool enabled = true)
    {
        var options = new JournalOptions { Folder = folder ?? _folder.Path, Enabled = enabled };
        var journal = new ResultJournal(
            options, new RefreshOptions(), KeyRing.Generate(_clock.Now), new WorkerIdentity("w", "1", _clock.Now), _clock, null, NullLogger<ResultJournal>.Instance);
        return new VolumeMemory(options, journal, _clock, NullLogger<VolumeMemory>.Instance);
    }
}
