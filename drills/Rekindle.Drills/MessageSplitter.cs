using System.Buffers;
using System.Buffers.Binary;

namespace Rekindle.Drills;

/// <summary>Receives one message of PostgreSQL's protocol; of a long one the beginning.</summary>
internal delegate void MessageTaker(char type, ReadOnlySpan<byte> body);

/// <summary>
/// Finds the messages in one direction of a conversation with PostgreSQL, however the bytes are cut up: a type, a length that counts
/// itself, a body. Before that come the client's packets without a type, and the server's single letter to a request for TLS.
/// </summary>
internal sealed class MessageSplitter(bool fromClient, MessageTaker take)
{
    private const int LengthBytes = 4;
    private const int KeptBytes = 64 * 1024;

    // What a client may ask for before it begins, each with the same number in its upper half: TLS, GSSAPI, a cancellation.
    private const int RequestMajor = 1234;

    private readonly byte[] _length = new byte[LengthBytes];
    private readonly ArrayBufferWriter<byte> _body = new();
    private bool _begins = true;
    private char? _type;
    private int _lengthRead;
    private int _missing;

    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_type is null && !(fromClient && _begins))
            {
                Begin(ref bytes);
            }
            else if (_lengthRead < LengthBytes)
            {
                _length[_lengthRead++] = bytes[0];
                bytes = bytes[1..];
                _missing = _lengthRead < LengthBytes ? 0 : BinaryPrimitives.ReadInt32BigEndian(_length) - LengthBytes;
            }
            else
            {
                Fill(ref bytes);
            }

            if (_lengthRead == LengthBytes && _missing == 0)
            {
                End();
            }
        }
    }

    private void Begin(ref ReadOnlySpan<byte> bytes)
    {
        var letter = (char)bytes[0];
        bytes = bytes[1..];
        if (!fromClient && _begins && letter == 'N')
        {
            // No TLS: an answer without a length.
            return;
        }

        _begins = false;
        _type = letter;
    }

    private void Fill(ref ReadOnlySpan<byte> bytes)
    {
        var part = bytes[..Math.Min(_missing, bytes.Length)];
        _body.Write(part[..Math.Min(part.Length, KeptBytes - _body.WrittenCount)]);
        _missing -= part.Length;
        bytes = bytes[part.Length..];
    }

    private void End()
    {
        var body = _body.WrittenSpan;
        if (_type is { } type)
        {
            take(type, body);
        }
        else
        {
            _begins = BinaryPrimitives.ReadInt16BigEndian(body) == RequestMajor;
        }

        _body.ResetWrittenCount();
        (_type, _lengthRead) = (null, 0);
    }
}
