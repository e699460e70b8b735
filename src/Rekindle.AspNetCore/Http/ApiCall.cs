using Microsoft.AspNetCore.Http;
using Rekindle.ApiKeys;

namespace Rekindle.AspNetCore.Http;

/// <summary>One authenticated request on its way to its endpoint.</summary>
internal sealed class ApiCall(HttpContext http, ApiOperation operation, Caller caller)
{
    private JsonBody? _body;
    private bool _refused;
    private bool _toItsEnd;

    public HttpContext Http { get; } = http;

    public ApiOperation Operation { get; } = operation;

    public Caller Caller { get; } = caller;

    /// <summary>The environment of the caller's key: there is no other way to say it.</summary>
    public string Environment => Caller.Environment;

    /// <summary>Who acts, for the audit.</summary>
    public string Actor => Caller.KeyId;

    /// <summary>What is wrong with the request so far.</summary>
    public Mistakes Mistakes { get; } = new();

    /// <summary>Ends when the client leaves, unless the call runs to its end.</summary>
    public CancellationToken Cancelled => _toItsEnd ? CancellationToken.None : Http.RequestAborted;

    /// <summary>From now on the call runs to its end, whether or not the client stays.</summary>
    public void IgnoreCancellation() => _toItsEnd = true;

    /// <summary>A part of the path.</summary>
    public string Route(string name) => (string)Http.Request.RouteValues[name]!;

    /// <summary>A query parameter; the default when it is absent or wrong, which is then among the mistakes.</summary>
    public T? Get<T>(QueryParameter<T> parameter)
    {
        var values = Http.Request.Query[parameter.Name];
        if (values.Count == 0)
        {
            if (parameter.Required)
            {
                Mistakes.Add(parameter.Name, "is required.");
            }

            return default;
        }

        var (value, problem) = values.Count == 1 ? parameter.Read(values[0] ?? "") : (default, "is given more than once.");
        if (problem is not null)
        {
            Mistakes.Add(parameter.Name, problem);
        }

        return value;
    }

    /// <summary>The body as a type of the wire; null when it cannot be read as one, which is then among the mistakes.</summary>
    public async ValueTask<T?> BodyAsync<T>()
        where T : class
    {
        _body ??= await JsonBody.ReadAsync(Http).ConfigureAwait(false);
        return _body.Value.As<T>(Operation.BodyOptional, Mistakes);
    }

    /// <summary>The body's bytes, for the idempotency key.</summary>
    public async ValueTask<JsonBody> RawBodyAsync() => _body ??= await JsonBody.ReadAsync(Http).ConfigureAwait(false);

    /// <summary>Refuses parameters the operation does not have: a filter with a typo must not select everything.</summary>
    public void CheckQuery()
    {
        foreach (var name in Http.Request.Query.Keys)
        {
            if (!Operation.Query.Any(p => p.Name == name))
            {
                Mistakes.Add(name, Operation.Query.Count == 0
                    ? "is not a parameter of this operation, which has none."
                    : $"is not a parameter of this operation. It has: {string.Join(", ", Operation.Query.Select(p => p.Name))}.");
            }
        }
    }

    /// <summary>Whether the request has mistakes, or asks for what the caller's key does not reach: nothing may be done then.</summary>
    public bool Failed => Mistakes.Any || _refused;

    /// <summary>The answer to a request that failed.</summary>
    public ApiAnswer Failure() => Mistakes.Any ? Problems.Invalid(Mistakes) : Problems.KeyLimited;

    /// <summary>A filter's values within the caller's limits; null: no limit. What the key does not reach fails the call.</summary>
    public IReadOnlyCollection<string>? Narrow(string? asked, IReadOnlyCollection<string>? limits)
    {
        _refused |= asked is not null && limits?.Contains(asked) == false;
        return asked is null ? limits : [asked];
    }

    /// <summary>Fails the call unless the caller's key reaches this integration and tenant.</summary>
    public void MustReach(string integration, string tenant)
    {
        MustReach(integration);
        _refused |= !Caller.ReachesTenant(tenant);
    }

    /// <summary>Fails the call unless the caller's key reaches this integration.</summary>
    public void MustReach(string integration) => _refused |= !Caller.ReachesIntegration(integration);
}
