namespace Rekindle.Refresh;

/// <summary>
/// The moment in which a request's secrets leave this process: it comes once or not at all. The caller's last check is
/// asked in that moment (DESIGN §1 step 5), and a second one, a transport that repeats a request by itself, is refused.
/// </summary>
internal sealed class Departure(Func<bool>? mayStillSend)
{
    private readonly Lock _lock = new();
    private bool _asked;

    /// <summary>Bytes of the request may have reached the provider.</summary>
    public bool Begun { get; private set; }

    /// <summary>The caller's check said no.</summary>
    public bool Refused { get; private set; }

    /// <summary>Called right before the first byte is written.</summary>
    /// <exception cref="DepartureRefusedException">Nothing may be written.</exception>
    public void Begin()
    {
        lock (_lock)
        {
            if (_asked)
            {
                throw new DepartureRefusedException();
            }

            _asked = true;
            Refused = !(mayStillSend?.Invoke() ?? true);
            if (Refused)
            {
                throw new DepartureRefusedException();
            }

            Begun = true;
        }
    }
}

/// <summary>Stops the transport before it writes. Not an IOException: those the transport takes for a reason to try again.</summary>
internal sealed class DepartureRefusedException() : Exception("The request may not leave.");
