using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Grants;

internal enum TokenKind : byte
{
    Access = 1,
    Refresh = 2,
}

/// <summary>What a token says about itself: whose it is and which of its grant's tokens.</summary>
internal readonly record struct TokenIdentity(TokenKind Kind, long Grant, int Serial);

/// <summary>What a token that is a JWT tells whoever reads it.</summary>
internal readonly record struct TokenClaims(string Issuer, string Subject, DateTimeOffset IssuedAt, DateTimeOffset? ExpiresAt);

/// <summary>
/// Makes and reads token values. A token ends in 36 characters that name its grant and serial and authenticate all
/// that stands before them, so nothing is stored per token: memory depends on grants and not on refreshes, and a token
/// of an hour ago is still recognised as used. The same identity always gives the same value: servers that repeat an
/// answer need that.
/// </summary>
internal sealed class TokenMint(string? marker)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private const int TailLength = 36;
    private const int TailBytes = 27;
    private const int IdentityBytes = 13;
    private static readonly string JwtHeader = Base64Url.EncodeToString("""{"alg":"HS256","typ":"at+jwt"}"""u8);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public string Mint(TokenIdentity identity, TokenLook look, TokenClaims claims)
    {
        var lead = look.Jwt ? JwtLead(identity, claims, look.Length) : OpaqueLead(identity, look);
        return lead + Tail(identity, lead);
    }

    public bool TryRead(string token, out TokenIdentity identity)
    {
        identity = default;
        if (token.Length < TailLength)
        {
            return false;
        }

        Span<byte> tail = stackalloc byte[TailBytes];
        if (!Base64Url.TryDecodeFromChars(token.AsSpan(token.Length - TailLength), tail, out var written) || written != TailBytes)
        {
            return false;
        }

        var named = ReadIdentity(tail);
        if (!token.AsSpan(token.Length - TailLength).SequenceEqual(Tail(named, token.AsSpan(0, token.Length - TailLength))))
        {
            return false;
        }

        identity = named;
        return true;
    }

    private string OpaqueLead(TokenIdentity identity, TokenLook look)
    {
        var lead = look.Prefix + marker;
        return lead + Filler(identity, look.Length - TailLength - lead.Length);
    }

    private string JwtLead(TokenIdentity identity, TokenClaims claims, int length)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(new
        {
            iss = claims.Issuer,
            sub = claims.Subject,
            iat = claims.IssuedAt.ToUnixTimeSeconds(),
            exp = claims.ExpiresAt?.ToUnixTimeSeconds(),
            jti = Filler(identity, Math.Max(12, (length - 200) * 3 / 4)),
        });
        return $"{JwtHeader}.{Base64Url.EncodeToString(payload)}.{marker}";
    }

    // Looks random and is the same for the same token; nothing rests on its quality.
    private string Filler(TokenIdentity identity, int length)
    {
        Span<byte> named = stackalloc byte[IdentityBytes];
        WriteIdentity(identity, named);
        Span<byte> hash = stackalloc byte[32];
        HMACSHA256.HashData(_key, named, hash);
        return string.Create(Math.Max(0, length), BinaryPrimitives.ReadUInt64LittleEndian(hash) | 1, static (text, seed) =>
        {
            foreach (ref var character in text)
            {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                character = Alphabet[(int)(seed & 63)];
            }
        });
    }

    private string Tail(TokenIdentity identity, ReadOnlySpan<char> lead)
    {
        Span<byte> tail = stackalloc byte[TailBytes];
        WriteIdentity(identity, tail);
        var signed = new byte[IdentityBytes + Encoding.UTF8.GetByteCount(lead)];
        tail[..IdentityBytes].CopyTo(signed);
        Encoding.UTF8.GetBytes(lead, signed.AsSpan(IdentityBytes));
        Span<byte> tag = stackalloc byte[32];
        HMACSHA256.HashData(_key, signed, tag);
        tag[..(TailBytes - IdentityBytes)].CopyTo(tail[IdentityBytes..]);
        return Base64Url.EncodeToString(tail);
    }

    // Kind, grant (8 bytes), serial (4 bytes).
    private static void WriteIdentity(TokenIdentity identity, Span<byte> to)
    {
        to[0] = (byte)identity.Kind;
        BinaryPrimitives.WriteInt64BigEndian(to[1..], identity.Grant);
        BinaryPrimitives.WriteInt32BigEndian(to[9..], identity.Serial);
    }

    private static TokenIdentity ReadIdentity(ReadOnlySpan<byte> from) => new(
        (TokenKind)from[0],
        BinaryPrimitives.ReadInt64BigEndian(from[1..]),
        BinaryPrimitives.ReadInt32BigEndian(from[9..]));
}
