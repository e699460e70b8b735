using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;

namespace Rekindle.AspNetCore.OpenApi;

/// <summary>
/// The API described (OpenAPI 3.1), from the same <see cref="ApiOperation"/>s that the pipeline enforces and the same contracts
/// that bodies are read with: what is described is what happens (docs/decisions/0008).
/// </summary>
internal static class OpenApiDocument
{
    private static readonly int[] AlwaysPossible = [400, 401, 403, 422, 429, 500, 503];
    private static readonly int[] PossibleWithBody = [408, 413, 415];

    public static JsonObject Of(IEnumerable<RouteEndpoint> endpoints, string version)
    {
        var schemas = new OpenApiSchemas();
        var paths = new JsonObject();
        var tags = new SortedSet<string>(StringComparer.Ordinal);
        var described = endpoints.Select(e => (Endpoint: e, Operation: e.Metadata.GetMetadata<ApiOperation>())).Where(e => e.Operation is not null)
            .OrderBy(e => e.Endpoint.RoutePattern.RawText, StringComparer.Ordinal);
        foreach (var (endpoint, operation) in described)
        {
            var path = endpoint.RoutePattern.RawText!;
            if (paths[path] is not JsonObject item)
            {
                paths[path] = item = [];
            }

            tags.Add(operation!.Tag);
            foreach (var method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Where(m => !HttpMethods.IsHead(m)))
            {
                item[method.ToLowerInvariant()] = Describe(endpoint, operation, schemas);
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = Info(version),
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["security"] = new JsonArray(new JsonObject { ["api_key"] = new JsonArray() }),
            ["tags"] = new JsonArray([.. tags.Select(tag => (JsonNode)new JsonObject { ["name"] = tag })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["api_key"] = new JsonObject
                    {
                        ["type"] = "http",
                        ["scheme"] = "bearer",
                        ["description"] = $"An API key, rk_…. It reaches one environment. Scopes: {string.Join(", ", ApiScopes.All)}.",
                    },
                },
                ["responses"] = ProblemResponses(schemas),
                ["schemas"] = schemas.Components,
            },
        };
    }

    private static JsonObject Info(string version) => new()
    {
        ["title"] = "Rekindle",
        ["version"] = version,
        ["description"] = "Keeps OAuth tokens of your users fresh and hands them out. Failures are problem details (RFC 9457) with a stable code, "
            + "retryable, and who_acts: nobody, user or operator.",
        ["contact"] = new JsonObject { ["name"] = "The operators of this server" },
        ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
    };

    private static JsonObject Describe(RouteEndpoint endpoint, ApiOperation operation, OpenApiSchemas schemas)
    {
        var described = new JsonObject
        {
            ["operationId"] = operation.Id,
            ["summary"] = operation.Summary,
            ["description"] = Text(operation),
            ["tags"] = new JsonArray(operation.Tag),
            ["responses"] = Responses(operation, schemas),
        };
        if (Parameters(endpoint, operation) is { Count: > 0 } parameters)
        {
            described["parameters"] = parameters;
        }

        if (operation.Body is { } body)
        {
            described["requestBody"] = new JsonObject { ["required"] = !operation.BodyOptional, ["content"] = Content("application/json", schemas.Of(body)) };
        }

        if (operation.Anonymous)
        {
            described["security"] = new JsonArray();
        }

        return described;
    }

    private static string Text(ApiOperation operation)
    {
        var text = operation.Description ?? $"{operation.Summary}.";
        text += operation.Scope is { } scope ? $" Needs the scope {scope}." : "";
        return operation.WholeEnvironment ? $"{text} Refused to keys that are limited to integrations or tenants."
            : operation.AllTenants ? $"{text} Refused to keys that are limited to tenants."
            : text;
    }

    private static JsonArray Parameters(RouteEndpoint endpoint, ApiOperation operation)
    {
        var parameters = new JsonArray();
        foreach (var part in endpoint.RoutePattern.Parameters)
        {
            var isConnection = endpoint.RoutePattern.RawText!.Contains("/connections/{id}", StringComparison.Ordinal) && part.Name == "id";
            parameters.Add((JsonNode)new JsonObject
            {
                ["name"] = part.Name,
                ["in"] = "path",
                ["required"] = true,
                ["description"] = isConnection ? "Id of the connection, or ~ with integration and subject in the query." : $"The {part.Name}.",
                ["schema"] = new JsonObject { ["type"] = "string" },
            });
        }

        foreach (var query in operation.Query)
        {
            parameters.Add((JsonNode)Query(query));
        }

        foreach (var (name, description) in operation.Headers)
        {
            parameters.Add((JsonNode)new JsonObject
            {
                ["name"] = name,
                ["in"] = "header",
                ["description"] = description,
                ["schema"] = new JsonObject { ["type"] = "string" },
            });
        }

        if (operation.Idempotent)
        {
            parameters.Add((JsonNode)new JsonObject
            {
                ["name"] = "Idempotency-Key",
                ["in"] = "header",
                ["description"] = "The request is done once; its answer is kept for 24 hours and given again.",
                ["schema"] = new JsonObject { ["type"] = "string", ["maxLength"] = 255 },
            });
        }

        return parameters;
    }

    private static JsonObject Query(QueryParameter query)
    {
        var schema = new JsonObject { ["type"] = query.Type };
        if (query.Format is { } format)
        {
            schema["format"] = format;
        }

        if (query.Range is var (least, most))
        {
            (schema["minimum"], schema["maximum"]) = (least, most);
        }

        if (query.Words is { } words)
        {
            schema["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]);
        }

        return new JsonObject
        {
            ["name"] = query.Name,
            ["in"] = "query",
            ["required"] = query.Required,
            ["description"] = query.Description,
            ["schema"] = schema,
        };
    }

    private static JsonObject Responses(ApiOperation operation, OpenApiSchemas schemas)
    {
        var responses = new JsonObject();
        int[] successes = operation.OtherSuccess is { } other ? [other, operation.Success] : [operation.Success];
        foreach (var status in successes.Order())
        {
            responses[Text(status)] = Success(status, operation, schemas);
        }

        foreach (var status in ProblemsOf(operation))
        {
            // What readiness says when it is not ready is no problem document.
            responses[Text(status)] = operation.Anonymous && operation.Answer is { } told
                ? new JsonObject { ["description"] = Meaning(status), ["content"] = Content("application/json", schemas.Of(told)) }
                : new JsonObject { ["$ref"] = $"#/components/responses/{ProblemName(status)}" };
        }

        return responses;
    }

    private static IEnumerable<int> ProblemsOf(ApiOperation operation) => operation.Problems
        .Concat(operation.Anonymous ? [] : AlwaysPossible).Concat(operation.Body is null ? [] : PossibleWithBody).Distinct().Order();

    private static JsonObject Success(int status, ApiOperation operation, OpenApiSchemas schemas)
    {
        var success = new JsonObject { ["description"] = status switch { 201 => "Made.", 204 => "Done.", _ => "As asked." } };
        if (operation.Answer is { } answer)
        {
            success["content"] = Content(operation.AnswerType, schemas.Of(answer));
        }
        else if (status != 204)
        {
            success["content"] = Content(operation.AnswerType, new JsonObject { ["type"] = "string" });
        }

        return success;
    }

    private static JsonObject ProblemResponses(OpenApiSchemas schemas) => new(
        AlwaysPossible.Concat(PossibleWithBody).Concat([404, 409]).Order().Select(status => KeyValuePair.Create(ProblemName(status), (JsonNode?)new JsonObject
        {
            ["description"] = Meaning(status),
            ["content"] = Content("application/problem+json", schemas.Of(typeof(Wire.Problem))),
        })));

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);

    private static string ProblemName(int status) => string.Create(CultureInfo.InvariantCulture, $"Problem{status}");

    private static JsonObject Content(string type, JsonNode schema) => new() { [type] = new JsonObject { ["schema"] = schema } };

    private static string Meaning(int status) => status switch
    {
        400 => "No well-formed HTTP.",
        401 => "No valid API key.",
        403 => "The API key does not reach this.",
        404 => "There is no such thing.",
        408 => "The body did not arrive in time.",
        409 => "Its state does not allow this; code says which.",
        413 => "The body is too large.",
        415 => "The body is not JSON.",
        422 => "The request has mistakes; errors names each.",
        429 => "Too many requests without a valid API key.",
        500 => "A defect, or a stored value that cannot be opened.",
        _ => "Not now; Retry-After says when.",
    };
}
