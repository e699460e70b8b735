namespace Rekindle.AspNetCore;

/// <summary>Places for those who follow the log: so many in all, and so many for one API key, so that no key keeps the others out.</summary>
internal sealed class AttemptStreamPlaces
{
    public const int Most = 64;
    public const int MostOfOneKey = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _byKey = new(StringComparer.Ordinal);
    private int _taken;

    /// <summary>Takes a place until it is disposed of; null: there is none, and <paramref name="problem"/> says why.</summary>
    public IDisposable? Take(string keyId, out string problem)
    {
        lock (_lock)
        {
            var own = _byKey.GetValueOrDefault(keyId);
            problem = own >= MostOfOneKey ? $"{MostOfOneKey} readers follow the log with this API key already." : $"{Most} readers follow the log already.";
            if (own >= MostOfOneKey || _taken >= Most)
            {
                return null;
            }

            _byKey[keyId] = own + 1;
            _taken++;
            return new Place(this, keyId);
        }
    }

    private void Return(string keyId)
    {
        lock (_lock)
        {
            _taken--;
            if (--_byKey[keyId] == 0)
            {
                _byKey.Remove(keyId);
            }
        }
    }

    private sealed class Place(AttemptStreamPlaces places, string keyId) : IDisposable
    {
        public void Dispose() => places.Return(keyId);
    }
}
