namespace Rekindle.AspNetCore.Http;

/// <summary>What is said about one operation of the API: to the pipeline, which enforces it, and to its readers.</summary>
/// <param name="Id">Operation id, <c>list_connections</c>.</param>
/// <param name="Summary">What it does, in a few words.</param>
internal sealed record ApiOperation(string Id, string Summary)
{
    /// <summary>Group in the documentation; given when it is mapped.</summary>
    public string Tag { get; init; } = "";

    /// <summary>Scope that a caller needs; null: any key will do.</summary>
    public string? Scope { get; init; }

    /// <summary>Answered without an API key: health and the like.</summary>
    public bool Anonymous { get; init; }

    /// <summary>Refused to keys that are limited to integrations or tenants, because its figures are of the whole environment.</summary>
    public bool WholeEnvironment { get; init; }

    /// <summary>Refused to keys that are limited to tenants, because what it changes belongs to all tenants together.</summary>
    public bool AllTenants { get; init; }

    /// <summary>More about it, for the documentation.</summary>
    public string? Description { get; init; }

    /// <summary>Query parameters; others are refused.</summary>
    public IReadOnlyList<QueryParameter> Query { get; init; } = [];

    /// <summary>Type of the body; null: none.</summary>
    public Type? Body { get; init; }

    /// <summary>Whether the body may be left out.</summary>
    public bool BodyOptional { get; init; }

    /// <summary>Type of the answer; null: none.</summary>
    public Type? Answer { get; init; }

    /// <summary>Media type of the answer.</summary>
    public string AnswerType { get; init; } = "application/json";

    /// <summary>Status of success.</summary>
    public int Success { get; init; } = 200;

    /// <summary>A second status of success, with the same answer; null: there is none.</summary>
    public int? OtherSuccess { get; init; }

    /// <summary>Headers of the request that it heeds, with what they do.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Statuses besides those that every operation may have (400, 401, 403, 422, 429, 500, 503) and those that every body may have (408, 413, 415).</summary>
    public IReadOnlyList<int> Problems { get; init; } = [];

    /// <summary>Whether an <c>Idempotency-Key</c> is honoured: for what makes or changes something by POST.</summary>
    public bool Idempotent { get; init; }

    /// <summary>Successful answers are logged at Debug: they are many and say little.</summary>
    public bool Quiet { get; init; }
}
