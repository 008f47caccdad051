using System.Globalization;
using Ullage.Abi;

namespace Ullage.Lab.Scenarios.Reading;

/// <summary>Reads <c>expect</c>. An entry with two comparisons (<c>at_least</c> and <c>at_most</c>) becomes two expectations.</summary>
internal sealed class ExpectationReader(Problems problems, References references)
{
    private static readonly (string Key, ComparisonKind Kind)[] Comparisons =
    [
        ("equals", ComparisonKind.EqualTo), ("at_least", ComparisonKind.AtLeast), ("at_most", ComparisonKind.AtMost), ("contains", ComparisonKind.Contains),
    ];

    private static readonly string[] ProcessKeys = ["step", "errno", "done", "oom_killed", "signal", "exit_code"];

    public IReadOnlyList<Expectation> ReadList(IReadOnlyList<Node> items, string path)
    {
        List<Expectation> expectations = [];
        for (int i = 0; i < items.Count; i++)
        {
            if (MapReader.Of(problems, items[i], $"{path}.{i}", ScenarioShape.Expectation, "an expectation in braces, such as { process: p, oom_killed: true }") is MapReader map)
            {
                Read(map, expectations);
            }
        }

        return expectations;
    }

    private void Read(MapReader map, List<Expectation> expectations)
    {
        string[] all = ["process", "file", "dmesg"];
        string[] subjects = [.. all.Where(map.Has)];
        if (subjects.Length == 0 && all.Any(map.IsMisspelled))
        {
            return;
        }

        if (subjects.Length != 1)
        {
            string found = subjects.Length == 0 ? "has none of them" : $"has {string.Join(" and ", subjects)}";
            problems.Add(map.Place, map.Path, $"an expectation is about one of process, file, dmesg, but this one {found}");
            return;
        }

        Expectation expectation = new() { Line = map.Place.Line };
        switch (subjects[0])
        {
            case "process":
                ReadProcess(map, expectation, expectations);
                break;
            case "file":
                ReadFile(map, expectation, expectations);
                break;
            default:
                Refuse(map, "dmesg", [.. ProcessKeys, "field", .. Comparisons.Select(c => c.Key)]);
                string text = map.RequiredText("dmesg", "a part of a kernel log line");
                expectations.Add(expectation with { Dmesg = text, Count = (int?)map.Whole("count", 0, int.MaxValue) });
                break;
        }
    }

    private void ReadProcess(MapReader map, Expectation expectation, List<Expectation> expectations)
    {
        Refuse(map, "process", ["field", "count", "contains"]);
        string process = map.RequiredText("process", "the name of a process");
        references.UseProcess(map.PlaceOf("process"), map.Below("process"), process);
        int? step = (int?)map.Whole("step", 0, int.MaxValue);
        if (step is int number)
        {
            references.UseStep(map.PlaceOf("step"), map.Below("step"), process, number);
        }

        Expectation about = expectation with
        {
            Process = process,
            Step = step,
            Errno = Words.Error(map, "errno"),
            OomKilled = map.Bool("oom_killed"),
            Signal = Words.Signal(map, "signal"),
            ExitCode = (int?)map.Whole("exit_code", 0, 255),
        };
        bool judgesProcess = JudgeProcessKeys(map, process);
        if (about.Errno is not null || judgesProcess)
        {
            expectations.Add(about);
        }

        Expectation done = expectation with { Process = process, Step = step, Done = true };
        if (map.Whole("done", 0, long.MaxValue) is long units)
        {
            expectations.Add(done with { Compare = new Comparison(ComparisonKind.EqualTo, units.ToString(CultureInfo.InvariantCulture)) });
        }

        expectations.AddRange(ReadComparisons(map, numbersOnly: true).Select(comparison => done with { Compare = comparison }));
    }

    /// <summary>Tells when nothing is expected, or something of a step that is not named. True when the whole process is judged.</summary>
    private bool JudgeProcessKeys(MapReader map, string process)
    {
        bool judgesStep = map.Has("errno") || map.Has("done") || Comparisons.Any(c => map.Has(c.Key));
        bool judgesProcess = map.Has("oom_killed") || map.Has("signal") || map.Has("exit_code");
        if (judgesStep && !map.Has("step"))
        {
            problems.Add(map.Place, map.Path, "missing key 'step': errno and done are those of a step, counted from 0");
        }
        else if (!judgesStep && !judgesProcess)
        {
            problems.Add(map.Place, map.Path, $"nothing is expected of {Quote.Text(process)}: add errno or done with a step, or oom_killed, signal or exit_code");
        }

        return judgesProcess;
    }

    private void ReadFile(MapReader map, Expectation expectation, List<Expectation> expectations)
    {
        Refuse(map, "file", [.. ProcessKeys, "count"]);
        Expectation about = expectation with
        {
            File = AbsolutePaths.Required(map, "file", "the path of a file"),
            Field = map.Text("field", "the name of a field"),
            Place = problems.Beginning(map.PlaceOf("file"), map.Below("file")),
        };
        List<Comparison> comparisons = ReadComparisons(map, numbersOnly: false);
        if (comparisons.Count == 0 && !Comparisons.Any(c => map.Has(c.Key)))
        {
            problems.Add(map.Place, map.Path, "nothing is expected of the file: add equals, at_least, at_most or contains");
        }

        expectations.AddRange(comparisons.Select(comparison => about with { Compare = comparison }));
    }

    private static List<Comparison> ReadComparisons(MapReader map, bool numbersOnly)
    {
        List<Comparison> comparisons = [];
        foreach ((string key, ComparisonKind kind) in Comparisons)
        {
            if (!map.Has(key) || (numbersOnly && kind == ComparisonKind.Contains))
            {
                continue;
            }

            bool number = numbersOnly || kind is ComparisonKind.AtLeast or ComparisonKind.AtMost;
            string? text = map.Text(key, number ? "a number" : "a text or number")?.Trim();
            if (text is not null && number && !decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
            {
                map.Tell(key, $"expected a number, found {Quote.Text(text)}{SizeAdvice(text)}");
            }
            else if (text is not null)
            {
                comparisons.Add(new Comparison(kind, text));
            }
        }

        return comparisons;
    }

    /// <summary>Files show bytes, and what is compared is what they show.</summary>
    private static string SizeAdvice(string text) =>
        ScenarioValues.TrySize(text, out long bytes) is null ? string.Create(CultureInfo.InvariantCulture, $": files show plain numbers, so write {bytes}") : "";

    private static void Refuse(MapReader map, string subject, string[] keys)
    {
        foreach (string key in keys)
        {
            if (map.Has(key))
            {
                map.Tell(key, $"'{key}' does not go with '{subject}': remove it");
            }
        }
    }
}
