using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Rekindle.Simulator.Grants;

/// <summary>The grants of one server, by number and by whose they are.</summary>
internal sealed class GrantBook
{
    private readonly ConcurrentDictionary<long, Grant> _byNumber = new();
    private readonly ConcurrentDictionary<(string Subject, string ClientId), ImmutableList<Grant>> _byUser = new();
    private long _last;

    public IEnumerable<Grant> All => _byNumber.Values;

    public Grant Add(string subject, string clientId, IReadOnlyList<string> scopes, DateTimeOffset now)
    {
        var grant = new Grant(Interlocked.Increment(ref _last), subject, clientId, scopes, now);
        _byNumber[grant.Number] = grant;
        _byUser.AddOrUpdate(
            (subject, clientId),
            static (_, added) => [added],
            static (_, grants, added) => grants.Add(added),
            grant);
        return grant;
    }

    public Grant? Find(long number) => _byNumber.GetValueOrDefault(number);

    public Grant? Find(string id) => id.StartsWith('g') && long.TryParse(id.AsSpan(1), out var number) ? Find(number) : null;

    public IReadOnlyList<Grant> OfUser(string subject, string clientId) => _byUser.GetValueOrDefault((subject, clientId), []);

    public IEnumerable<Grant> OfSubject(string subject) =>
        _byUser.Where(user => user.Key.Subject == subject).SelectMany(user => user.Value);
}
