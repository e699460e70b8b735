using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rekindle.Encryption;

/// <summary>The ring as text: JSON that a person can read, compare and edit. Every mistake in it is reported at once.</summary>
internal sealed partial class KeyRingDocument
{
    private const int Format = 1;
    private const string Current = "current";
    private const string Accepted = "accepted";

    [JsonRequired]
    public int RekindleKeyRing { get; init; }

    [JsonRequired]
    public IReadOnlyList<KeyEntry?>? Keys { get; init; }

    [JsonRequired]
    public string? FingerprintKey { get; init; }

    [JsonRequired]
    public string? DerivationKey { get; init; }

    public static byte[] Write(KeyRing ring) => JsonSerializer.SerializeToUtf8Bytes(
        new KeyRingDocument
        {
            RekindleKeyRing = Format,
            Keys = [.. ring.Keys.Select(KeyEntry.From)],
            FingerprintKey = Convert.ToBase64String(ring.FingerprintKey),
            DerivationKey = Convert.ToBase64String(ring.DerivationKey),
        },
        KeyRingJson.Default.KeyRingDocument);

    /// <param name="utf8">The document.</param>
    /// <param name="origin">Completes "The key ring …" in messages.</param>
    public static KeyRing Parse(ReadOnlySpan<byte> utf8, string origin)
    {
        KeyRingDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(utf8, KeyRingJson.Default.KeyRingDocument);
        }
        catch (JsonException e)
        {
            // The reader's own message may quote what it met, which may be a key: only the place is passed on.
            throw new KeyRingException(
                $"The key ring {origin} is not valid: JSON error at line {e.LineNumber + 1}, field {e.Path}. Restore it from its backup.");
        }

        if (document is null)
        {
            throw new KeyRingException($"The key ring {origin} is empty. Restore it from its backup.");
        }

        var mistakes = new List<string>();
        return document.ToRing(mistakes) ?? throw new KeyRingException($"The key ring {origin} is not valid: {string.Join("; ", mistakes)}.");
    }

    private KeyRing? ToRing(List<string> mistakes)
    {
        if (RekindleKeyRing != Format)
        {
            mistakes.Add($"rekindle_key_ring is {RekindleKeyRing}, this version reads {Format}");
            return null;
        }

        var entries = Keys ?? [];
        var keys = entries.Select((entry, index) => ReadKey(entry, $"keys[{index}]", mistakes)).OfType<RingKey>().ToList();
        var fingerprintKey = ReadBytes(FingerprintKey, "fingerprint_key", mistakes);
        var derivationKey = ReadBytes(DerivationKey, "derivation_key", mistakes);

        var current = entries.Count(entry => entry?.State == Current);
        if (current != 1)
        {
            mistakes.Add($"{current} keys have the state current, exactly one must");
        }

        foreach (var id in keys.GroupBy(key => key.Id).Where(group => group.Count() > 1).Select(group => group.Key))
        {
            mistakes.Add($"the id {id} occurs more than once");
        }

        var all = keys.Select(key => key.Bytes).Append(fingerprintKey).Append(derivationKey).OfType<byte[]>().Select(Convert.ToHexString).ToList();
        if (all.Distinct().Count() < all.Count)
        {
            mistakes.Add("the same key material occurs more than once");
        }

        return mistakes.Count > 0 ? null : new KeyRing(keys, fingerprintKey!, derivationKey!);
    }

    private static RingKey? ReadKey(KeyEntry? entry, string path, List<string> mistakes)
    {
        var bytes = ReadBytes(entry?.Key, path + ".key", mistakes);
        if (entry?.Id is not { Length: 8 } || !uint.TryParse(entry.Id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
        {
            mistakes.Add($"{path}.id is not eight hexadecimal digits");
            return null;
        }

        if (entry.State is not (Current or Accepted))
        {
            mistakes.Add($"{path}.state is neither {Current} nor {Accepted}");
            return null;
        }

        return bytes is null ? null : new RingKey(number, entry.Created, entry.State == Current ? KeyState.Current : KeyState.Accepted, bytes);
    }

    private static byte[]? ReadBytes(string? base64, string path, List<string> mistakes)
    {
        var bytes = new byte[RingKey.Size];
        if (base64 is { Length: 44 } && Convert.TryFromBase64String(base64, bytes, out var written) && written == RingKey.Size)
        {
            return bytes;
        }

        mistakes.Add($"{path} is not {RingKey.Size} bytes in base64");
        return null;
    }

    internal sealed class KeyEntry
    {
        [JsonRequired]
        public string? Id { get; init; }

        [JsonRequired]
        public DateTimeOffset Created { get; init; }

        [JsonRequired]
        public string? State { get; init; }

        [JsonRequired]
        public string? Key { get; init; }

        public static KeyEntry From(RingKey key) => new()
        {
            Id = key.Id,
            Created = key.CreatedAt,
            State = key.State is KeyState.Current ? Current : Accepted,
            Key = Convert.ToBase64String(key.Bytes),
        };
    }

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        WriteIndented = true)]
    [JsonSerializable(typeof(KeyRingDocument))]
    private sealed partial class KeyRingJson : JsonSerializerContext;
}
