using System.Text;
using Rekindle.Encryption;
using Rekindle.Testing;

namespace Rekindle.Tests.Encryption;

public sealed class KeyRingTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_created_file_is_its_owners_alone_and_loads_as_the_same_ring()
    {
        var path = _folder.File("keys.json");

        var created = KeyRingFile.Create(path, Now);
        var loaded = KeyRingFile.Load(path);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(created.Current.Id, loaded.Current.Id);
        Assert.Equal(created.Current.CheckValue, loaded.Current.CheckValue);
        Assert.Equal(Now, loaded.Current.CreatedAt);
        Assert.Equal(new Fingerprinter(created).Of(new Secret("token")), new Fingerprinter(loaded).Of(new Secret("token")));
        Assert.Equal(created.DeriveKey("links"), loaded.DeriveKey("links"));
    }

    [Fact]
    [Trait("Failure", "F80")]
    public void An_existing_file_is_never_overwritten()
    {
        var path = _folder.File("keys.json");
        File.WriteAllText(path, "something else");

        var e = Assert.Throws<KeyRingException>(() => KeyRingFile.Create(path, Now));

        Assert.Contains("exists already", e.Message, StringComparison.Ordinal);
        Assert.Equal("something else", File.ReadAllText(path));
    }

    [Fact]
    public void Of_many_that_create_the_file_at_once_one_succeeds()
    {
        var path = _folder.File("keys.json");

        var rings = new KeyRing?[8];
        Parallel.For(0, rings.Length, i =>
        {
            try
            {
                rings[i] = KeyRingFile.Create(path, Now);
            }
            catch (KeyRingException)
            {
                rings[i] = null;
            }
        });

        var created = Assert.Single(rings, ring => ring is not null);
        Assert.Equal(created!.Current.CheckValue, KeyRingFile.Load(path).Current.CheckValue);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead, "0640")]
    [InlineData(UnixFileMode.OtherRead, "0604")]
    [InlineData(UnixFileMode.UserExecute, "0700")]
    public void A_file_that_others_can_read_is_refused(UnixFileMode extra, string shown)
    {
        var path = _folder.File("keys.json");
        KeyRingFile.Create(path, Now);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | extra);

        var e = Assert.Throws<KeyRingException>(() => KeyRingFile.Load(path));

        Assert.Contains($"mode {shown}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"chmod 600 {path}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_mode_that_counts_behind_a_link_is_the_files_own()
    {
        var path = _folder.File("keys.json");
        KeyRingFile.Create(path, Now);
        var link = _folder.File("link.json");
        File.CreateSymbolicLink(link, path);

        Assert.Single(KeyRingFile.Load(link).Keys);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead);
        Assert.Throws<KeyRingException>(() => KeyRingFile.Load(link));
    }

    [Fact]
    public void A_stricter_mode_is_fine()
    {
        var path = _folder.File("keys.json");
        KeyRingFile.Create(path, Now);
        File.SetUnixFileMode(path, UnixFileMode.UserRead);

        Assert.Single(KeyRingFile.Load(path).Keys);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var path = _folder.File("missing.json");

        Assert.Contains(path, Assert.Throws<KeyRingException>(() => KeyRingFile.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ring_in_an_environment_variable_is_the_file_in_base64()
    {
        var path = _folder.File("keys.json");
        var created = KeyRingFile.Create(path, Now);

        var ring = KeyRing.FromBase64(Convert.ToBase64String(File.ReadAllBytes(path)));

        Assert.Equal(created.Current.CheckValue, ring.Current.CheckValue);
    }

    [Fact]
    public void A_ring_with_an_accepted_key_survives_writing_and_reading()
    {
        var ring = KeyRing.Generate(Now).WithNewCurrentKey(Now.AddDays(1));

        var read = KeyRingDocument.Parse(KeyRingDocument.Write(ring), "here");

        Assert.Equal(ring.Keys.Select(key => (key.Id, key.State, key.CreatedAt, key.CheckValue)), read.Keys.Select(key => (key.Id, key.State, key.CreatedAt, key.CheckValue)));
        Assert.Equal(2, read.Keys.Count);
    }

    [Theory]
    [InlineData("", "JSON error")]
    [InlineData("{", "JSON error")]
    [InlineData("[]", "JSON error")]
    [InlineData("""{"rekindle_key_ring":1}""", "JSON error")]
    [InlineData("""{"rekindle_key_ring":1,"rekindle_key_ring":1,"keys":[],"fingerprint_key":"","derivation_key":""}""", "JSON error")]
    [InlineData("""{"rekindle_key_ring":1,"keys":[],"fingerprint_key":"","derivation_key":"","more":1}""", "JSON error")]
    [InlineData("""{"rekindle_key_ring":2,"keys":[],"fingerprint_key":"","derivation_key":""}""", "rekindle_key_ring is 2")]
    [InlineData("""{"rekindle_key_ring":1,"keys":null,"fingerprint_key":null,"derivation_key":null}""", "0 keys have the state current")]
    [InlineData("""{"rekindle_key_ring":1,"keys":[null],"fingerprint_key":"","derivation_key":""}""", "keys[0].id")]
    public void A_ring_that_is_none_is_refused(string text, string expected)
    {
        var e = Assert.Throws<KeyRingException>(() => KeyRingDocument.Parse(Encoding.UTF8.GetBytes(text), "in test.json"));

        Assert.StartsWith("The key ring in test.json is not valid: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_ring_is_refused()
    {
        var e = Assert.Throws<KeyRingException>(() => KeyRingDocument.Parse("null"u8, "in test.json"));

        Assert.Equal("The key ring in test.json is empty. Restore it from its backup.", e.Message);
    }

    [Fact]
    public void Every_mistake_is_reported_at_once_and_no_key_is_quoted()
    {
        var key = Convert.ToBase64String(new byte[32]);
        var text = $$"""
            {
              "rekindle_key_ring": 1,
              "keys": [
                { "id": "xyz", "created": "2026-01-01T00:00:00Z", "state": "current", "key": "{{key}}" },
                { "id": "0000000a", "created": "2026-01-01T00:00:00Z", "state": "current", "key": "canary" },
                { "id": "0000000b", "created": "2026-01-01T00:00:00Z", "state": "retired", "key": "{{key}}" },
                { "id": "0000000c", "created": "2026-01-01T00:00:00Z", "state": "accepted", "key": "{{key}}" },
                { "id": "0000000c", "created": "2026-01-01T00:00:00Z", "state": "accepted", "key": "{{key}}" }
              ],
              "fingerprint_key": "canary",
              "derivation_key": "canary"
            }
            """;

        var e = Assert.Throws<KeyRingException>(() => KeyRingDocument.Parse(Encoding.UTF8.GetBytes(text), "in test.json"));

        string[] expected =
        [
            "keys[0].id", "keys[1].key", "keys[2].state", "fingerprint_key", "derivation_key", "2 keys have the state current", "0000000c occurs more than once",
            "same key material",
        ];
        Assert.All(expected, mistake => Assert.Contains(mistake, e.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("canary", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(key, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_syntax_error_inside_a_key_does_not_quote_it()
    {
        var text = """{"rekindle_key_ring":1,"keys":[{"id":"0000000a","created":"canary","state":"current","key":"canary"}],"fingerprint_key":canary}""";

        var e = Assert.Throws<KeyRingException>(() => KeyRingDocument.Parse(Encoding.UTF8.GetBytes(text), "in test.json"));

        Assert.DoesNotContain("canary", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_not_base64_is_refused_without_quoting_it()
    {
        var e = Assert.Throws<KeyRingException>(() => KeyRing.FromBase64("canary!"));

        Assert.DoesNotContain("canary", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Purposes_have_unrelated_keys_that_survive_rotation()
    {
        var ring = KeyRing.Generate(Now);
        var rotated = ring.WithNewCurrentKey(Now);

        Assert.NotEqual(ring.DeriveKey("links"), ring.DeriveKey("state"));
        Assert.Equal(ring.DeriveKey("links"), rotated.DeriveKey("links"));
        Assert.NotEqual(ring.DeriveKey("links"), KeyRing.Generate(Now).DeriveKey("links"));
        Assert.Equal(new Fingerprinter(ring).Of(new Secret("t")), new Fingerprinter(rotated).Of(new Secret("t")));
    }

    [Fact]
    public void Check_values_tell_rings_apart_and_reveal_nothing()
    {
        var ring = KeyRing.Generate(Now);

        Assert.Matches("^[0-9a-f]{32}$", ring.Current.CheckValue);
        Assert.NotEqual(ring.Current.CheckValue, KeyRing.Generate(Now).Current.CheckValue);
        Assert.DoesNotContain(ring.Current.CheckValue, Convert.ToHexStringLower(ring.Current.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Failure", "F88")]
    public void A_ring_prints_as_a_redaction()
    {
        var ring = KeyRing.Generate(Now);

        var shown = $"{ring} {ring.Current} {System.Text.Json.JsonSerializer.Serialize(ring)}";

        Assert.DoesNotContain(Convert.ToBase64String(ring.Current.Bytes), shown, StringComparison.Ordinal);
        Assert.Contains(ring.Current.Id, shown, StringComparison.Ordinal);
    }
}
