using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Journal;

/// <summary>
/// Records as bytes, before they are sealed. Written by hand because every refresh passes here. A new field goes to the end of its
/// record together with a new kind number: what an older program wrote must stay readable by the one that replaces it.
/// </summary>
internal static class JournalCodec
{
    private const byte SentKind = 1;
    private const byte KeptKind = 2;
    private const byte SettledKind = 3;
    private const byte ChangedKind = 4;
    private const byte DeletedKind = 5;
    private const byte ConsentedKind = 6;

    // Grants and levers are rare beside refreshes: their records are as readable as they are long.
    private static readonly JsonSerializerOptions StateForm = new() { Converters = { new JsonStringEnumConverter() } };

    public static void Write(BinaryWriter writer, JournalRecord record)
    {
        switch (record)
        {
            case JournalRecord.Sent sent:
                writer.Write(SentKind);
                Write(writer, sent.At);
                Write(writer, sent.AttemptId);
                writer.Write(sent.ConnectionId.Value);
                break;
            case JournalRecord.Kept kept:
                writer.Write(KeptKind);
                Write(writer, kept.At);
                Write(writer, kept.Result);
                break;
            case JournalRecord.Settled settled:
                writer.Write(SettledKind);
                Write(writer, settled.At);
                Write(writer, settled.AttemptId);
                break;
            case JournalRecord.Changed changed:
                writer.Write(ChangedKind);
                Write(writer, changed.At);
                writer.Write(JsonSerializer.Serialize(changed.State, StateForm));
                break;
            case JournalRecord.Consented consented:
                writer.Write(ConsentedKind);
                Write(writer, consented.At);
                writer.Write(JsonSerializer.Serialize(consented.Grant, StateForm));
                break;
            case JournalRecord.Deleted deleted:
                writer.Write(DeletedKind);
                Write(writer, deleted.At);
                writer.Write(deleted.ConnectionId.Value);
                writer.Write(deleted.Reason);
                break;
            default:
                throw new InvalidOperationException($"No form for {record.GetType().Name}.");
        }
    }

    /// <exception cref="InvalidDataException">Not a record of this or an earlier version.</exception>
    public static JournalRecord Read(BinaryReader reader)
    {
        try
        {
            var kind = reader.ReadByte();
            var at = ReadInstant(reader);
            return kind switch
            {
                SentKind => new JournalRecord.Sent(ReadGuid(reader), new ConnectionId(reader.ReadInt64()), at),
                KeptKind => new JournalRecord.Kept(ReadResult(reader), at),
                SettledKind => new JournalRecord.Settled(ReadGuid(reader), at),
                ChangedKind => new JournalRecord.Changed(ReadJson<ConnectionSnapshot>(reader), at),
                ConsentedKind => new JournalRecord.Consented(ReadJson<JournalledGrant>(reader), at),
                DeletedKind => new JournalRecord.Deleted(new ConnectionId(reader.ReadInt64()), reader.ReadString(), at),
                _ => throw new InvalidDataException($"Kind {kind} is not known: a later version of the program wrote it."),
            };
        }
        catch (Exception e) when (e is EndOfStreamException or DecoderFallbackException or FormatException or ArgumentException or JsonException or NotSupportedException)
        {
            throw new InvalidDataException("The record's fields do not fit.", e);
        }
    }

    private static T ReadJson<T>(BinaryReader r)
        where T : class => JsonSerializer.Deserialize<T>(r.ReadString(), StateForm) ?? throw new InvalidDataException($"A {typeof(T).Name} is null.");

    private static void Write(BinaryWriter w, JournalledResult result)
    {
        w.Write(result.GrantNo);
        w.Write(result.Version);
        w.Write(result.Epoch);
        Write(w, result.Tokens);
        w.Write(result.Variables.Count);
        foreach (var (name, value) in result.Variables)
        {
            w.Write(name);
            w.Write(value);
        }

        WriteOptional(w, result.DueAt);
        Write(w, result.Attempt);
    }

    private static JournalledResult ReadResult(BinaryReader r) => new()
    {
        GrantNo = r.ReadInt32(),
        Version = r.ReadInt32(),
        Epoch = r.ReadInt32(),
        Tokens = ReadTokens(r),
        Variables = ReadVariables(r),
        DueAt = ReadOptionalInstant(r),
        Attempt = ReadAttempt(r),
    };

    private static Dictionary<string, string> ReadVariables(BinaryReader r)
    {
        var count = ReadCount(r);
        var variables = new Dictionary<string, string>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            variables[r.ReadString()] = r.ReadString();
        }

        return variables;
    }

    private static void Write(BinaryWriter w, NewTokens tokens)
    {
        WriteBytes(w, tokens.AccessToken);
        WriteBytes(w, tokens.RefreshToken);
        Write(w, tokens.IssuedAt);
        WriteOptional(w, tokens.ExpiresAt);
        w.Write((byte)tokens.ExpirySource);
        WriteOptional(w, tokens.RefreshTokenExpiresAt);
        w.Write(tokens.Scopes?.Count ?? -1);
        foreach (var scope in tokens.Scopes ?? [])
        {
            w.Write(scope);
        }

        w.Write(tokens.TokenType);
    }

    private static NewTokens ReadTokens(BinaryReader r) => new()
    {
        AccessToken = ReadBytes(r) ?? throw new InvalidDataException("The access token is missing."),
        RefreshToken = ReadBytes(r),
        IssuedAt = ReadInstant(r),
        ExpiresAt = ReadOptionalInstant(r),
        ExpirySource = (ExpirySource)r.ReadByte(),
        RefreshTokenExpiresAt = ReadOptionalInstant(r),
        Scopes = ReadScopes(r),
        TokenType = r.ReadString(),
    };

    private static string[]? ReadScopes(BinaryReader r)
    {
        var count = r.ReadInt32();
        if (count < 0)
        {
            return null;
        }

        var scopes = new string[Bounded(r, count)];
        for (var i = 0; i < scopes.Length; i++)
        {
            scopes[i] = r.ReadString();
        }

        return scopes;
    }

    private static void Write(BinaryWriter w, Attempt attempt)
    {
        Write(w, attempt.Id);
        Write(w, attempt.CreatedAt);
        w.Write(attempt.ConnectionId.Value);
        w.Write(attempt.IntegrationId);
        w.Write(attempt.Key.Environment);
        w.Write(attempt.Key.Integration);
        w.Write(attempt.Key.Tenant);
        w.Write(attempt.Key.Subject);
        w.Write(attempt.Key.Purpose);
        w.Write(attempt.Key.Account);
        w.Write((byte)attempt.Source);
        w.Write((byte)attempt.Action);
        w.Write(attempt.Worker);
        w.Write(attempt.WorkerVersion);
        w.Write(attempt.Duration.Ticks);
        w.Write(attempt.Rotated);
        w.Write(attempt.ExpiresIn?.Ticks ?? -1);
        w.Write(attempt.Status ?? -1);
        w.Write(attempt.Stages is not null);
        w.Write(attempt.Stages ?? "");
    }

    private static Attempt ReadAttempt(BinaryReader r)
    {
        var attempt = new Attempt
        {
            Id = ReadGuid(r),
            CreatedAt = ReadInstant(r),
            ConnectionId = new ConnectionId(r.ReadInt64()),
            IntegrationId = r.ReadInt32(),
            Key = new ConnectionKey(r.ReadString(), r.ReadString(), r.ReadString(), r.ReadString(), r.ReadString(), r.ReadString()),
            Source = (RefreshSource)r.ReadByte(),
            Action = (AttemptAction)r.ReadByte(),
            Class = RefreshClass.Success,
            Decision = "committed from the journal",
            NextStep = "",
            Worker = r.ReadString(),
            WorkerVersion = r.ReadString(),
            Duration = new TimeSpan(r.ReadInt64()),
            Rotated = r.ReadBoolean(),
        };
        var expiresIn = r.ReadInt64();
        var status = r.ReadInt32();
        var hasStages = r.ReadBoolean();
        var stages = r.ReadString();
        return attempt with
        {
            ExpiresIn = expiresIn < 0 ? null : new TimeSpan(expiresIn),
            Status = status < 0 ? null : status,
            Stages = hasStages ? stages : null,
        };
    }

    private static void WriteBytes(BinaryWriter w, SealedSecret? value)
    {
        w.Write(value?.Bytes.Length ?? -1);
        w.Write(value?.Bytes ?? []);
    }

    private static SealedSecret? ReadBytes(BinaryReader r)
    {
        var length = r.ReadInt32();
        return length < 0 ? null : new SealedSecret(r.ReadBytes(Bounded(r, length)));
    }

    private static void Write(BinaryWriter w, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        w.Write(bytes);
    }

    private static Guid ReadGuid(BinaryReader r)
    {
        Span<byte> bytes = stackalloc byte[16];
        r.BaseStream.ReadExactly(bytes);
        return new Guid(bytes);
    }

    private static void Write(BinaryWriter w, DateTimeOffset instant) => w.Write(instant.UtcTicks);

    private static DateTimeOffset ReadInstant(BinaryReader r) => new(r.ReadInt64(), TimeSpan.Zero);

    private static void WriteOptional(BinaryWriter w, DateTimeOffset? instant) => w.Write(instant?.UtcTicks ?? -1);

    private static DateTimeOffset? ReadOptionalInstant(BinaryReader r) => r.ReadInt64() is var ticks and >= 0 ? new(ticks, TimeSpan.Zero) : null;

    private static int ReadCount(BinaryReader r) => Bounded(r, r.ReadInt32());

    // A length never exceeds what is left: a damaged one must not allocate.
    private static int Bounded(BinaryReader r, int length) =>
        length >= 0 && length <= r.BaseStream.Length - r.BaseStream.Position ? length : throw new InvalidDataException("A length points beyond the record.");
}
