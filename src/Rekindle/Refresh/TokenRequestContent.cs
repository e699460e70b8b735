using System.Net;

namespace Rekindle.Refresh;

/// <summary>A request's content that knows when it began to be written (DESIGN ".NET traps").</summary>
internal sealed class TokenRequestContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Departure _departure;

    public TokenRequestContent(ReadOnlyMemory<byte> bytes, string contentType, Departure departure)
    {
        _bytes = bytes;
        _departure = departure;
        Headers.TryAddWithoutValidation("Content-Type", contentType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _departure.Begin();
        await stream.WriteAsync(_bytes, cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
