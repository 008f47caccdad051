using System.Text;
using System.Text.Json;
using Ullage.Cli.Reports;
using Ullage.Cli.Run;
using Ullage.Cli.Terminal;
using Ullage.Insight.Pages;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Targets;

namespace Ullage.Cli.Compare;

/// <summary>Runs a scenario on several sides, model and host or several eras, and lays what they gave beside each other.</summary>
internal sealed class ComparedRuns(CliConsole console, CliServices services, Scenario scenario, string yaml)
{
    private sealed record Side(ITarget Target, string? Kernel, List<RunOutcome> Outcomes)
    {
        public RunOutcome First => Outcomes[0];

        public string Name => $"{First.Result.Target} {First.Result.Kernel}";
    }

    public async Task<int> RunAsync(RunRequest request, IReadOnlyList<ITarget> targets, OutputFile? output, OutputFile? report, CancellationToken cancel)
    {
        List<Side> sides = Sides(request, targets);
        ScenarioRun run = new(console, services, scenario);
        foreach (Side side in sides)
        {
            for (ulong again = 0; again < (ulong)request.Repeat; again++)
            {
                RunOutcome outcome = await run.OnceAsync(side.Target, side.Kernel, request.Seed + again, request.Quiet, report is not null && again == 0, cancel).ConfigureAwait(false);
                cancel.ThrowIfCancellationRequested(); // half a run cannot be compared
                side.Outcomes.Add(outcome);
            }
        }
        IReadOnlyList<(string First, string Second, IReadOnlyList<CounterDifference> Differences)> pairs = Pairs(sides);
        Show(request, sides, pairs);
        output?.Save(Json(sides, pairs));
        report?.Save(Page(sides, pairs));
        bool held = sides.All(side => side.Outcomes.All(outcome => outcome.Result.Expectations.All(each => each.Ok)));
        return held && pairs.All(pair => !pair.Differences.Any(each => each.Beyond)) ? ExitCodes.Ok : ExitCodes.Finding;
    }

    // Beside a host, the model is the kernel that comes nearest to it, unless the scenario or the command line says otherwise.
    private List<Side> Sides(RunRequest request, IReadOnlyList<ITarget> targets)
    {
        bool hosted = targets.Any(target => target.Name == "host");
        List<Side> sides = [];
        foreach (ITarget target in targets)
        {
            string?[] kernels = target.Name != "model" ? [null]
                : request.Kernels.Count > 0 ? [.. request.Kernels]
                : [hosted && scenario.Kernel is null ? services.HostEra() : null];
            sides.AddRange(kernels.Select(kernel => new Side(target, kernel, [])));
        }
        return sides;
    }

    // Each with each: what the second and the third differ in need not show beside the first.
    private static List<(string, string, IReadOnlyList<CounterDifference>)> Pairs(List<Side> sides) =>
        [.. sides.SelectMany((first, i) => sides.Skip(i + 1).Select(second => (first.Name, second.Name, CounterTable.Of(Results(first), Results(second)))))];

    private static RunResult[] Results(Side side) => [.. side.Outcomes.Select(outcome => outcome.Result)];

    private void Show(RunRequest request, List<Side> sides, IReadOnlyList<(string First, string Second, IReadOnlyList<CounterDifference> Differences)> pairs)
    {
        if (request.Json)
        {
            console.Out.Write(Json(sides, pairs));
            return;
        }
        foreach (Side side in sides)
        {
            Wrapped($"{side.Name}: {side.First.Verdict}");
        }
        foreach ((string first, string second, IReadOnlyList<CounterDifference> differences) in pairs)
        {
            console.WriteLine();
            new DifferenceTable(console).Write(differences, first, second, request.Quiet ? CompareDetail.Beyond : request.Verbose ? CompareDetail.All : CompareDetail.NotZero);
        }
    }

    private void Wrapped(string text)
    {
        foreach (string line in TextWrap.Lines(text, Math.Max(40, console.Width), 2))
        {
            console.WriteLine(line);
        }
    }

    private string Json(List<Side> sides, IReadOnlyList<(string First, string Second, IReadOnlyList<CounterDifference> Differences)> pairs)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            json.WriteStartObject();
            json.WriteString("schema", "ullage/comparison/1");
            json.WriteStartArray("comparisons");
            foreach ((string first, string second, IReadOnlyList<CounterDifference> differences) in pairs)
            {
                DifferenceJson.Write(json, differences, first, second);
            }
            json.WriteEndArray();
            json.WriteStartArray("results");
            foreach (RunOutcome outcome in sides.SelectMany(side => side.Outcomes))
            {
                ResultJson.Write(outcome.Result, json);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private string Page(List<Side> sides, IReadOnlyList<(string First, string Second, IReadOnlyList<CounterDifference> Differences)> pairs)
    {
        ShownRun[] shown = [.. sides.Select(side => new ShownRun(side.Name, side.First.Result, side.First.Timeline!, side.First.Verdict))];
        ReportTable[] tables = [.. pairs.Select(pair => DifferenceTable.ForReport(pair.Differences, pair.First, pair.Second, pairs.Count > 1 ? $"Differences of {pair.First} and {pair.Second}" : "Differences"))];
        int differ = pairs.Count(pair => pair.Differences.Any(each => each.Beyond));
        string summary = pairs.Count == 1 ? tables[0].Note
            : $"{differ} of {Amounts.Count(pairs.Count, "pair")} differ in counters by more than their spread: {string.Join("; ", pairs.Select(Counted))}.";
        return PageText.Of(RunPages.Of(scenario, yaml, shown, tables, summary, console.CommandLine));

        static string Counted((string First, string Second, IReadOnlyList<CounterDifference> Differences) pair) =>
            $"{pair.First} and {pair.Second} in {pair.Differences.Count(each => each.Beyond)}";
    }
}
