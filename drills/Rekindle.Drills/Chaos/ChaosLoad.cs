using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Rekindle.Client;
using Rekindle.Simulator;

namespace Rekindle.Drills.Chaos;

/// <summary>One request for a token, as its caller saw it.</summary>
/// <param name="Connection">Whose token.</param>
/// <param name="Answered">When the answer came, or the caller gave up.</param>
/// <param name="Outcome"><c>accepted</c>, <c>refused</c>, <c>none</c> (no answer), or who can mend it.</param>
internal sealed record Request(string Connection, DateTimeOffset Answered, string Outcome);

/// <summary>A connection of the drill's, by whom it belongs to.</summary>
internal sealed record Subject(string Name, AuthorizationServer Provider)
{
    /// <summary>Its id, once imported.</summary>
    public string Id { get; set; } = "";

    /// <summary>One order at a time, as from one user.</summary>
    public SemaphoreSlim Orders { get; } = new(1);
}

/// <summary>
/// The operator's side: callers who ask all the while and let the providers judge each token, and at a low rate everything else that is
/// done to connections.
/// </summary>
internal sealed class ChaosLoad(ChaosFleet fleet, IReadOnlyList<Subject> subjects, ChaosTimes times, int seed)
{
    public const string Accepted = "accepted";
    public const string Refused = "refused";
    public const string Unanswered = "none";

    private static readonly TimeSpan CallerPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CallerPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NeededValidity = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OrderPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<Request> _requests = new();
    private readonly ConcurrentQueue<Served> _served = new();
    private readonly ConcurrentDictionary<string, int> _orders = new();

    public IReadOnlyList<Request> Requests => [.. _requests];

    public IReadOnlyList<Served> Served => [.. _served];

    /// <summary>Orders that were carried out, by kind.</summary>
    public IReadOnlyDictionary<string, int> Orders => _orders;

    /// <summary>Connections that were lost and connected again by their users.</summary>
    public int Reconnected => _orders.GetValueOrDefault("reconnect");

    /// <summary>Makes the integrations and imports a grant for everybody.</summary>
    public async Task SeedAsync()
    {
        var client = fleet.Apis[0].Client!;
        foreach (var provider in subjects.Select(s => s.Provider).Distinct())
        {
            var policy = SimulatedAccounts.Hasty with { BudgetRequests = 100_000, InDoubtHoldSeconds = (int)times.InDoubtHold.TotalSeconds, BackoffCeilingSeconds = 4 };
            await client.CreateIntegrationAsync(SimulatedAccounts.IntegrationOf(provider, provider.Name, policy));
        }

        await Task.WhenAll(subjects.Select(async s => s.Id = (await ImportAsync(client, s, replace: false)).Id));
    }

    /// <summary>Callers, until told to stop.</summary>
    public Task CallAsync(CancellationToken stop) => Task.WhenAll(subjects.Select((s, i) => CallAsync(s, new Random(seed + i), stop)));

    /// <summary>Orders, until told to stop; nobody is left disabled.</summary>
    public async Task OrderAsync(CancellationToken stop)
    {
        var random = new Random(seed);
        var under = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(OrderPause, CancellationToken.None);
            under.Add(OrderAsync(subjects[random.Next(subjects.Count)], random.Next(100), random.Next(fleet.Apis.Count)));
            under.RemoveAll(t => t.IsCompletedSuccessfully);
        }

        await Task.WhenAll(under);
    }

    private async Task CallAsync(Subject subject, Random random, CancellationToken stop)
    {
        await Task.Delay(CallerPause * random.NextDouble(), CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            await AskAsync(subject, fleet.Apis[random.Next(fleet.Apis.Count)]);
            await Task.Delay(CallerPause, CancellationToken.None);
        }
    }

    private async Task AskAsync(Subject subject, Seat api)
    {
        var asked = DateTimeOffset.UtcNow;
        var outcome = Unanswered;
        try
        {
            if (api.Client is { } client)
            {
                using var patience = new CancellationTokenSource(CallerPatience);
                var token = await client.GetByIdAsync(subject.Id, NeededValidity, CallerPatience / 2, patience.Token);
                var answered = DateTimeOffset.UtcNow;
                outcome = subject.Provider.Accepts(token.AccessToken) ? Accepted : Refused;
                _served.Enqueue(new Served(
                    api.Name, subject.Name, token.Version, asked, answered, token.ExpiresAt ?? DateTimeOffset.MaxValue, EndOf(token.AccessToken), token.Stale));
                if (outcome == Refused)
                {
                    await client.ReportRejectedAsync(token, 401, cancellationToken: patience.Token);
                }
            }
        }
        catch (RekindleApiException e) when (outcome == Unanswered)
        {
            outcome = e.Problem.WhoActs;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or ObjectDisposedException or RekindleApiException)
        {
            // No answer, or none to the report: the request stands as it is.
        }

        _requests.Enqueue(new Request(subject.Name, DateTimeOffset.UtcNow, outcome));
    }

    private async Task OrderAsync(Subject subject, int chance, int api)
    {
        await subject.Orders.WaitAsync();
        try
        {
            if (await ReconnectIfLostAsync(subject))
            {
                return;
            }

            switch (chance)
            {
                case < 40:
                    await PostAsync(fleet.Apis[api], subject, "refresh");
                    break;
                case < 55:
                    await PatchAsync(fleet.Apis[api], subject);
                    break;
                case < 70:
                    await RejectAsync(fleet.Apis[api], subject);
                    break;
                case < 90:
                    await RenewAsync(subject, "replace");
                    break;
                default:
                    await DisableForAWhileAsync(subject, api);
                    break;
            }
        }
        finally
        {
            subject.Orders.Release();
        }
    }

    private Task<bool> PostAsync(Seat api, Subject subject, string order) => TryAsync(order, api, async http =>
        (await http.PostAsync(new Uri($"/v1/connections/{subject.Id}/{order}", UriKind.Relative), null)).StatusCode);

    private Task<bool> PatchAsync(Seat api, Subject subject) => TryAsync("patch", api, async http =>
        (await http.PatchAsJsonAsync($"/v1/connections/{subject.Id}", new { label = $"at {DateTimeOffset.UtcNow:O}" })).StatusCode);

    private Task<bool> RejectAsync(Seat api, Subject subject) => TryAsync("rejected", api, async http =>
    {
        using var now = JsonDocument.Parse(await http.GetStringAsync(new Uri($"/v1/connections/{subject.Id}", UriKind.Relative)));
        var version = now.RootElement.GetProperty("token").GetProperty("version").GetInt32();
        return (await http.PostAsJsonAsync($"/v1/connections/{subject.Id}/token/rejected", new { version, status = 401 })).StatusCode;
    });

    private async Task DisableForAWhileAsync(Subject subject, int api)
    {
        if (await PostAsync(fleet.Apis[api], subject, "disable"))
        {
            await Task.Delay(OrderPause);
        }

        await UntilDoneAsync(api => PostAsync(api, subject, "enable"));
    }

    private async Task<bool> ReconnectIfLostAsync(Subject subject)
    {
        var lost = false;
        await TryAsync("look", fleet.Apis[0], async http =>
        {
            using var now = JsonDocument.Parse(await http.GetStringAsync(new Uri($"/v1/connections/{subject.Id}", UriKind.Relative)));
            lost = now.RootElement.GetProperty("status").GetString() == "needs_reauthorization";
            return HttpStatusCode.OK;
        });
        if (lost)
        {
            await RenewAsync(subject, "reconnect");
        }

        return lost;
    }

    // A grant whose import had no answer may be in use: it is not sent again, another one takes its place.
    private Task RenewAsync(Subject subject, string order) => UntilDoneAsync(async api =>
    {
        if (api.Client is not { } client)
        {
            return false;
        }

        await ImportAsync(client, subject, replace: true);
        _orders.AddOrUpdate(order, 1, (_, n) => n + 1);
        return true;
    });

    private static async Task<Connection> ImportAsync(RekindleClient client, Subject subject, bool replace)
    {
        var grant = subject.Provider.IssueGrant(subject.Name);
        using var patience = new CancellationTokenSource(CallerPatience);
        return await client.ImportAsync(SimulatedAccounts.ImportOf(grant, subject.Provider.Name) with { Replace = replace }, patience.Token);
    }

    private async Task UntilDoneAsync(Func<Seat, Task<bool>> order)
    {
        for (var turn = 0; ; turn++)
        {
            try
            {
                if (await order(fleet.Apis[turn % fleet.Apis.Count]))
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or ObjectDisposedException or RekindleApiException)
            {
                // The other server is asked next.
            }

            await Task.Delay(OrderPause / 2);
        }
    }

    private async Task<bool> TryAsync(string order, Seat api, Func<HttpClient, Task<HttpStatusCode>> send)
    {
        try
        {
            if (api.Http is not { } http || !new HttpResponseMessage(await send(http).WaitAsync(CallerPatience)).IsSuccessStatusCode)
            {
                return false;
            }

            _orders.AddOrUpdate(order, 1, (_, n) => n + 1);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or ObjectDisposedException or TimeoutException)
        {
            return false;
        }
    }

    // The providers of this drill put it into the token.
    private static DateTimeOffset EndOf(string accessToken)
    {
        var payload = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(accessToken.Split('.')[1])).RootElement;
        return DateTimeOffset.FromUnixTimeSeconds(payload.GetProperty("exp").GetInt64());
    }
}
