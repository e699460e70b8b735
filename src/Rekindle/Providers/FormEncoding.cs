using System.Buffers;
using System.Globalization;
using System.Text;

namespace Rekindle.Providers;

/// <summary>application/x-www-form-urlencoded, written straight into bytes: one pass, no intermediate strings of secrets.</summary>
internal static class FormEncoding
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    private static readonly SearchValues<byte> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"u8);

    /// <summary>Writes <c>name=value&amp;…</c>; a space becomes <c>+</c> in a body and <c>%20</c> in an address, where not everyone reads <c>+</c>.</summary>
    public static void Write(IBufferWriter<byte> output, List<RequestParameter> parameters, bool plusForSpace)
    {
        var first = true;
        foreach (var parameter in parameters)
        {
            if (!first)
            {
                output.Write("&"u8);
            }

            first = false;
            Escape(output, parameter.Name, plusForSpace);
            output.Write("="u8);
            Escape(output, parameter.Value, plusForSpace);
        }
    }

    /// <summary>How many bytes it takes if nothing in it has to be escaped, as is usual.</summary>
    public static int LengthOf(List<RequestParameter> parameters)
    {
        var length = 0;
        foreach (var parameter in parameters)
        {
            length += parameter.Name.Length + parameter.Value.Length + 2;
        }

        return length;
    }

    /// <summary>One value, as RFC 6749 §2.3.1 wants id and secret before they go into a Basic header.</summary>
    public static string Escape(string value)
    {
        var output = new ArrayBufferWriter<byte>(value.Length + 16);
        Escape(output, value, plusForSpace: true);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }

    private static void Escape(IBufferWriter<byte> output, string value, bool plusForSpace)
    {
        if (!value.AsSpan().ContainsAnyExcept(Plain))
        {
            output.Advance(Encoding.ASCII.GetBytes(value, output.GetSpan(value.Length)));
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(value.Length));
        try
        {
            var bytes = rented.AsSpan(0, Encoding.UTF8.GetBytes(value, rented));
            while (!bytes.IsEmpty)
            {
                var plain = bytes.IndexOfAnyExcept(Unreserved);
                if (plain < 0)
                {
                    output.Write(bytes);
                    return;
                }

                output.Write(bytes[..plain]);
                EscapeByte(output, bytes[plain], plusForSpace);
                bytes = bytes[(plain + 1)..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    private static void EscapeByte(IBufferWriter<byte> output, byte value, bool plusForSpace)
    {
        if (value == (byte)' ' && plusForSpace)
        {
            output.Write("+"u8);
            return;
        }

        var target = output.GetSpan(3);
        target[0] = (byte)'%';
        value.TryFormat(target[1..], out _, "X2", CultureInfo.InvariantCulture);
        output.Advance(3);
    }
}
