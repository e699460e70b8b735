using Npgsql;
using Rekindle.Benchmarks.Setting;

namespace Rekindle.Benchmarks.Lines;

/// <summary>
/// Does a claim of due connections cost the same whether ten thousand or a million are stored, and while somebody holds a transaction open? Each
/// claim takes 32 of the same 9,600 overdue connections; its results are committed before the next, so that the queue moves on as it does in life.
/// <c>./drill scale</c> asks the same in pages, of ten million.
/// </summary>
internal static class ClaimLine
{
    private const int Few = 10_000;
    private const int ClaimsPerTurn = 20;
    private const int Turns = 6;
    private const int ClaimsWhileOpen = 400;
    private const double Target = 1.2;

    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        var many = place.Options.ClaimTo ?? (place.Options.Quick ? 100_000 : 1_000_000);
        await using var small = await ClaimCycle.CreateAsync(place, "claim-few", Few);
        await using var large = await ClaimCycle.CreateAsync(place, "claim-many", many);
        var (few, all) = (new List<double>(), new List<double>());
        for (var turn = 0; turn < Turns; turn++)
        {
            few.AddRange(await TurnAsync(small));
            all.AddRange(await TurnAsync(large));
        }

        // A snapshot that somebody keeps: nothing that is updated from here on can be cleared away.
        await using var snapshot = new NpgsqlConnection(large.ConnectionString);
        await snapshot.OpenAsync();
        await using var transaction = await snapshot.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using var look = new NpgsqlCommand("select count(*) from integrations", snapshot, transaction);
        await look.ExecuteScalarAsync();
        for (var n = 0; n < ClaimsWhileOpen; n++)
        {
            await large.RunAsync();
        }

        var held = new List<double>();
        for (var turn = 0; turn < Turns; turn++)
        {
            held.AddRange(await TurnAsync(large));
        }

        var (least, flat, open) = (Samples.Median(few), Samples.Median(all), Samples.Median(held));
        return
        [
            Figure.Most("claim-flat", flat / least, Target, "", FormattableString.Invariant($"{flat:0.00} ms with {many:N0} stored, {least:0.00} ms with {Few:N0}; 32 connections a claim")),
            Figure.Most("claim-flat-long-transaction", open / least, Target, "", FormattableString.Invariant($"{open:0.00} ms with {many:N0} stored and a transaction open during {ClaimsWhileOpen * ClaimCycle.Batch:N0} refreshes")),
        ];
    }

    private static async Task<List<double>> TurnAsync(ClaimCycle cycle)
    {
        var times = new List<double>();
        for (var n = 0; n < ClaimsPerTurn; n++)
        {
            times.Add((await cycle.RunAsync()).TotalMilliseconds);
        }

        return times;
    }
}
