using System.Globalization;
using System.Text.Json;
using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.Server.Commands;

/// <summary>What <c>unfreeze</c> prints: a table for people, JSON for programs.</summary>
internal static class UnfreezeReport
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static void Write(UnfreezePlan plan, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(ToJson(plan), Json));
            return;
        }

        Console.WriteLine(plan.Freeze is { } freeze ? $"FROZEN ({Names.Of(freeze.Reason)}) since {freeze.Since:O}\n{freeze.Detail}\n{freeze.Remedy}" : "The database is not frozen.");
        Console.WriteLine($"It belongs to deployment '{plan.Owner.Place.Deployment}' at {plan.Owner.Place.Endpoint}, which worked on it until {plan.Owner.Mark:O}.");
        Console.WriteLine($"This is deployment '{plan.Here.Deployment}' at {plan.Here.Endpoint}.");
        Console.WriteLine();
        if (plan.Integrations.Count == 0)
        {
            Console.WriteLine(plan.Freeze is null ? "No connection is left out." : "No connection is refreshed.");
            return;
        }

        foreach (var integration in plan.Integrations)
        {
            Console.WriteLine($"{integration.Environment}/{integration.Key}");
            foreach (var @class in Enum.GetValues<UnfreezeClass>().Where(integration.Classes.ContainsKey))
            {
                Console.WriteLine($"  {Names.Of(@class),-10}{Line(@class, integration.Classes[@class])}");
            }
        }
    }

    public static void Write(UnfreezeResult result, UnfreezePlan plan, bool json)
    {
        var left = result.LeftOut.ToDictionary(p => Names.Of(p.Key), p => p.Value);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { result.Taken, LeftOut = left }, Json));
            return;
        }

        Console.WriteLine(plan.Freeze is null ? $"{result.Taken} connections are taken in." : $"The database is this deployment's: {result.Taken} connections are refreshed from now on.");
        Console.WriteLine(left.Count == 0
            ? "None is left out."
            : $"Left out: {string.Join(", ", left.Select(l => $"{l.Value} {l.Key}"))}. They are served while valid; see rekindle-server unfreeze --plan.");
    }

    private static string Line(UnfreezeClass @class, PlannedConnections c) => string.Create(
        CultureInfo.InvariantCulture,
        $"{c.Count,9}{(c.LeftOut > 0 ? $", {c.LeftOut} of them left out" : "")}{(@class == UnfreezeClass.Valid && c.FirstEnd is { } end ? $", until {end:O}" : "")}  such as {string.Join(' ', c.Samples.Take(2))}");

    private static object ToJson(UnfreezePlan plan) => new
    {
        Frozen = plan.Freeze is { } f ? new { Reason = Names.Of(f.Reason), f.Detail, f.Remedy, f.Since } : null,
        Owner = new { plan.Owner.DatabaseId, plan.Owner.Place.Deployment, plan.Owner.Place.Endpoint, plan.Owner.Epoch, WorkedUntil = plan.Owner.Mark },
        Here = new { plan.Here.Deployment, plan.Here.Endpoint },
        Integrations = plan.Integrations.Select(i => new
        {
            i.Environment,
            Integration = i.Key,
            Classes = i.Classes.ToDictionary(
                c => Names.Of(c.Key), c => new { c.Value.Count, c.Value.LeftOut, c.Value.FirstEnd, c.Value.LastEnd, Samples = c.Value.Samples.Select(s => s.ToString()) }),
        }),
    };
}
