using System.Globalization;
using Ullage.Abi;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;

namespace Ullage.Cli.Run;

/// <summary>The report of a run for people.</summary>
internal sealed class RunReport(CliConsole console, bool verbose)
{
    private const int FirstLines = 8;
    private const int FirstStacks = 3;

    public void Write(RunResult result, IReadOnlyList<UsageSeries> usage, RunRecorder recorder)
    {
        Header(result);
        Chart(result, usage);
        Processes(result);
        Steps(result);
        Narration(recorder);
        KernelLog(result);
        Stacks(result);
        Files(result);
        Dying(result, recorder);
        Notes(result.Notes);
        Expectations(result, recorder.WrittenFor);
        console.WriteLine();
        Verdict(result, usage);
    }

    /// <summary>What is left of the report with <c>--quiet</c>.</summary>
    public void WriteQuiet(RunResult result, IReadOnlyList<UsageSeries> usage)
    {
        foreach (ExpectationResult expectation in result.Expectations.Where(each => !each.Ok))
        {
            Expectation(expectation);
        }
        Verdict(result, usage);
    }

    private void Header(RunResult result) => Wrapped(string.Create(CultureInfo.InvariantCulture,
        $"{result.Scenario} on {result.Target}, kernel {result.Kernel}, seed {result.Seed}: ended {Ended(result)} after {Amounts.Time(result.VirtualNs)}"), 2);

    private static string Ended(RunResult result) => result.Ended switch
    {
        "idle" => "by itself",
        "stopped" => "at its stop time",
        "panic" => "by a kernel panic",
        "interrupted" => "by an interrupt (partial result)",
        _ => result.Ended,
    };

    private void Chart(RunResult result, IReadOnlyList<UsageSeries> usage)
    {
        if (Run.Verdict.Fullest(usage) is not UsageSeries fullest)
        {
            return;
        }
        console.WriteLine();
        long[] kills = [.. result.Dmesg.Where(line => line.Text.Contains("Killed process ", StringComparison.Ordinal)).Select(line => line.TNs)];
        UsageChart chart = new(Math.Min(console.Width, 100), console.Utf8);
        Paint(chart.Lines(fullest, result.VirtualNs, kills));
        foreach (UsageSeries other in usage.Where(series => series != fullest && series.Points.Count > 0))
        {
            string share = other.LimitBytes is long limit ? $" ({Amounts.Percent(other.PeakBytes, limit)})" : "";
            Wrapped($"  {other.Cgroup}: {other.PeakWord} {Amounts.Size(other.PeakBytes)} of {Amounts.Limit(other.LimitBytes)}{share}", 4);
        }
    }

    private void Processes(RunResult result)
    {
        Heading("processes");
        TextTable table = new(new("NAME"), new("PID", Right: true), new("CGROUP"), new("FATE"));
        foreach (ProcessResult process in result.Processes)
        {
            table.Add(Fate.ToneOf(process), process.Name, process.Pid.ToString(CultureInfo.InvariantCulture), process.Cgroup, Fate.Of(process));
        }
        Paint(table.Lines(console.Width));
    }

    private void Steps(RunResult result)
    {
        Heading("steps");
        TextTable table = new(new("PROCESS"), new("#", Right: true), new("OP"), new("DONE"), new("END"));
        foreach (ProcessResult process in result.Processes)
        {
            for (int i = 0; i < process.Steps.Count; i++)
            {
                string end = Fate.End(process, i);
                Tone tone = process.Steps[i].Errno != Errno.None ? Tone.Red : end == "killed" ? Tone.Magenta : Tone.Plain;
                table.Add(tone, process.Name, i.ToString(CultureInfo.InvariantCulture), process.Steps[i].Op, Fate.Progress(process.Steps[i]), end);
            }
        }
        Paint(table.RowCount > 0 ? table.Lines(console.Width) : [("no step was begun", Tone.Dim)]);
    }

    /// <summary>The zombie ledger.</summary>
    private void Dying(RunResult result, RunRecorder recorder)
    {
        IReadOnlyList<string> lines = DyingReport.Lines(result, recorder.Files, recorder.CgroupVersion);
        if (lines.Count > 0)
        {
            Heading("dying cgroups");
        }
        foreach (string line in lines)
        {
            Wrapped(line, 2);
        }
    }

    /// <summary>With -v: how tasks moved, phase by phase.</summary>
    private void Narration(RunRecorder recorder)
    {
        if (!verbose || recorder.Narration.Count == 0)
        {
            return;
        }
        Heading("migrations");
        foreach (NarrationLine line in recorder.Narration)
        {
            Wrapped(line.Text.StartsWith(' ') ? line.Text : $"{Amounts.Time(line.TNs)}  {line.Text}", 6);
        }
        LeftOut((int)Math.Min(int.MaxValue, recorder.NarrationLines - recorder.Narration.Count), "line", "");
    }

    private void KernelLog(RunResult result)
    {
        Heading("kernel log");
        Paint(result.Dmesg.Count > 0 ? KernelLogDigest.Lines(result.Dmesg, verbose).Select(each => (Fit(each.Line), each.Tone)) : [("nothing was logged", Tone.Dim)]);
    }

    private void Stacks(RunResult result)
    {
        foreach (IGrouping<string, StackResult> probe in result.Stacks.GroupBy(stack => stack.Probe))
        {
            StackResult[] stacks = [.. probe.OrderByDescending(stack => stack.Count)];
            Heading(string.Create(CultureInfo.InvariantCulture, $"stacks of {probe.Key}: {stacks.Sum(stack => stack.Count)} hits"));
            foreach (StackResult stack in verbose ? stacks : stacks.Take(FirstStacks))
            {
                Wrapped(string.Create(CultureInfo.InvariantCulture, $"{stack.Count,8}  {string.Join(" < ", stack.Frames)}"), 10);
            }
            LeftOut(verbose ? 0 : stacks.Length - FirstStacks, "stack", "");
        }
    }

    private void Files(RunResult result)
    {
        if (result.Files.Count + result.UnavailableFiles.Count == 0)
        {
            return;
        }
        Heading("files");
        foreach ((string path, string text) in result.Files)
        {
            File(path, text.TrimEnd('\n').Split('\n'), result.Expectations);
        }
        foreach ((string path, Errno errno) in result.UnavailableFiles)
        {
            Paint(TextWrap.Lines($"{path}: - unavailable: {ErrnoNames.Describe(errno)}", console.Width, 2).Select(line => (Fit(line), Tone.Dim)));
        }
    }

    /// <summary>Of a long file the lines that expectations are about, and the first of those that are not zero, in the file's order.</summary>
    private static string[] Telling(string path, string[] lines, IReadOnlyList<ExpectationResult> expectations)
    {
        string[] fields = [.. expectations.Where(each => each.Text.Contains(path + " field ", StringComparison.Ordinal)).Select(each => each.Text.Split(" field ")[1].Split(' ')[0])];
        string[] expected = [.. lines.Where(line => fields.Contains(line.Split([' ', ':'])[0]))];
        IEnumerable<string> others = lines.Where(line => !expected.Contains(line) && (lines.Length <= FirstLines || !IsZero(line)));
        HashSet<string> chosen = [.. expected, .. others.Take(Math.Max(0, FirstLines - expected.Length))];
        return [.. lines.Where(chosen.Contains)];
    }

    private static bool IsZero(string line) => (line.EndsWith(" 0", StringComparison.Ordinal) && line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 2)
        || line.EndsWith(" 0 kB", StringComparison.Ordinal);

    private void File(string path, string[] lines, IReadOnlyList<ExpectationResult> expectations)
    {
        if (lines.Length == 1)
        {
            Wrapped($"{path}: {(lines[0].Length > 0 ? lines[0] : "(empty)")}", 2);
            return;
        }
        console.WriteLine(Fit(path + ":"));
        string[] shown = verbose ? lines : Telling(path, lines, expectations);
        foreach (string line in shown)
        {
            console.WriteLine(Fit("  " + line));
        }
        LeftOut(lines.Length - shown.Length, lines.Except(shown).All(IsZero) ? "zero line" : "line", "  ");
    }

    private void Notes(IReadOnlyList<string> notes)
    {
        if (notes.Count == 0)
        {
            return;
        }
        Heading("notes");
        foreach (string note in notes)
        {
            Wrapped(note, 2);
        }
    }

    private void LeftOut(int count, string noun, string indent)
    {
        if (count > 0)
        {
            Paint([($"{indent}({Amounts.Count(count, noun)} left out: -v shows all)", Tone.Dim)]);
        }
    }

    private void Expectations(RunResult result, string? writtenFor)
    {
        if (result.Expectations.Count == 0)
        {
            return;
        }
        Heading("expectations");
        foreach (ExpectationResult expectation in result.Expectations)
        {
            Expectation(expectation);
        }
        if (writtenFor is not null && writtenFor.TrimStart('v') != result.Kernel && result.Expectations.Any(each => !each.Ok))
        {
            Wrapped($"(they were written for kernel {writtenFor.TrimStart('v')}: what fails on {result.Kernel} is what differs between the two)", 0);
        }
    }

    private void Expectation(ExpectationResult expectation)
    {
        string mark = expectation.Ok ? "ok    " : "FAILED";
        foreach (string line in TextWrap.Lines($"{mark}  {expectation.Text}: found {expectation.Actual}", console.Width, 8))
        {
            console.WriteLine(console.Paint(Fit(line), expectation.Ok ? Tone.Plain : Tone.Red));
        }
    }

    private void Verdict(RunResult result, IReadOnlyList<UsageSeries> usage)
    {
        string verdict = Run.Verdict.Of(result, usage);
        foreach (string line in TextWrap.Lines(verdict, Math.Max(console.Width, 40), 0))
        {
            console.WriteLine(line);
        }
    }

    private void Heading(string title)
    {
        console.WriteLine();
        console.WriteLine(title);
    }

    // A terminal would break them anywhere; in a file they stay whole, so that they can be searched and copied.
    private string Fit(string line)
    {
        string end = console.Utf8 ? "…" : "...";
        return !console.OutIsTerminal || verbose || line.Length <= console.Width ? line : line[..Math.Max(1, console.Width - end.Length)] + end;
    }

    private void Wrapped(string text, int indent)
    {
        foreach (string line in TextWrap.Lines(text, console.Width, indent))
        {
            console.WriteLine(Fit(line));
        }
    }

    private void Paint(IEnumerable<(string Line, Tone Tone)> lines)
    {
        foreach ((string line, Tone tone) in lines)
        {
            console.WriteLine(console.Paint(line, tone));
        }
    }
}
