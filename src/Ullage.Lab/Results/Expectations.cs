using Ullage.Abi;
using Ullage.Lab.Scenarios;
using Ullage.Lab.Scenarios.Reading;

namespace Ullage.Lab.Results;

/// <summary>Judges what a scenario expects against what a run gave.</summary>
public static class Expectations
{
    /// <summary>Judges every expectation, in file order. One with several conditions on a process gives one result for each.</summary>
    /// <param name="scenario">The scenario that was run.</param>
    /// <param name="result">What the run gave.</param>
    /// <param name="readFile">Reads a file that was not collected; null when it cannot be read.</param>
    public static IReadOnlyList<ExpectationResult> Judge(Scenario scenario, RunResult result, Func<string, string?> readFile)
    {
        List<ExpectationResult> judged = [];
        foreach (Expectation expectation in scenario.Expect)
        {
            if (expectation.Process is string process)
            {
                JudgeProcess(expectation, process, scenario, result, judged);
            }
            else if (expectation.File is not null)
            {
                judged.Add(FileExpectation.Judge(expectation, result, readFile));
            }
            else
            {
                judged.Add(JudgeLog(expectation, result));
            }
        }

        JudgeExpectedErrnos(scenario, result, judged);
        return judged;
    }

    /// <summary><c>expect_errno</c> of the operations of a process's own list.</summary>
    private static void JudgeExpectedErrnos(Scenario scenario, RunResult result, List<ExpectationResult> judged)
    {
        foreach (ProcessSpec process in scenario.Processes)
        {
            for (int step = 0; step < process.Do.Count; step++)
            {
                if (process.Do[step].ExpectErrno is { } errno)
                {
                    JudgeProcess(new Expectation { Process = process.Name, Step = step, Errno = errno }, process.Name, scenario, result, judged);
                }
            }
        }
    }

    /// <summary>Processes of the name; those that start several times, or are several alike, must all do what is expected.</summary>
    private static void JudgeProcess(Expectation expectation, string name, Scenario scenario, RunResult result, List<ExpectationResult> judged)
    {
        bool several = scenario.Processes.Any(process => process.Name == name && process.Count > 1);
        List<ProcessResult> processes = [.. result.Processes.Where(p => p.Name == name || (several && IsOneOf(p.Name, name)))];
        foreach ((string what, Func<ProcessResult, (bool Ok, string Actual)> judge) in Conditions(expectation))
        {
            string text = $"process {name} {what}";
            if (processes.Count == 0)
            {
                judged.Add(new ExpectationResult(text, false, "no such process: it never started"));
                continue;
            }

            judged.Add(JudgeAll(text, processes, judge));
        }
    }

    private static ExpectationResult JudgeAll(string text, List<ProcessResult> processes, Func<ProcessResult, (bool Ok, string Actual)> judge)
    {
        string actual = "";
        foreach (ProcessResult process in processes)
        {
            (bool ok, string found) = judge(process);
            if (!ok)
            {
                return new ExpectationResult(text, false, processes.Count == 1 ? found : $"{process.Name} (pid {process.Pid}): {found}");
            }

            actual = found;
        }

        return new ExpectationResult(text, true, processes.Count == 1 ? actual : $"all {processes.Count}: {actual}");
    }

    private static bool IsOneOf(string name, string baseName) =>
        name.Length > baseName.Length + 1 && name.StartsWith(baseName, StringComparison.Ordinal) && name[baseName.Length] == '-'
        && name.AsSpan(baseName.Length + 1).IndexOfAnyExceptInRange('0', '9') < 0;

    private static IEnumerable<(string What, Func<ProcessResult, (bool Ok, string Actual)> Judge)> Conditions(Expectation expectation)
    {
        if (expectation.Errno is Errno errno)
        {
            yield return ($"step {expectation.Step} errno {ErrnoWord(errno)}", p => JudgeErrno(p, expectation.Step ?? 0, errno));
        }

        if (expectation.Done && expectation.Compare is Comparison comparison)
        {
            yield return ($"step {expectation.Step} done {Comparing.Text(comparison)}", p => JudgeDone(p, expectation.Step ?? 0, comparison));
        }

        if (expectation.OomKilled is bool killed)
        {
            yield return ($"oom_killed {(killed ? "true" : "false")}", p => (p.OomKilled == killed, Fate(p)));
        }

        if (expectation.Signal is string signal)
        {
            yield return ($"signal {signal}", p => (p.Signal == signal, Fate(p)));
        }

        if (expectation.ExitCode is int code)
        {
            yield return ($"exit_code {code}", p => (p.ExitCode == code, Fate(p)));
        }
    }

    private static (bool Ok, string Actual) JudgeErrno(ProcessResult process, int step, Errno errno) =>
        step < process.Steps.Count
            ? (process.Steps[step].Errno == errno, Interrupted(process, step) ?? ErrnoWord(process.Steps[step].Errno))
            : (false, NotReached(process, step));

    private static (bool Ok, string Actual) JudgeDone(ProcessResult process, int step, Comparison comparison)
    {
        if (step >= process.Steps.Count)
        {
            return (false, NotReached(process, step));
        }

        StepResult found = process.Steps[step];
        string requested = found.Done == found.Requested ? "" : $" of {found.Requested}";
        string ending = found.Errno == Errno.None ? "" : $", then {found.Errno}";
        return (Comparing.Holds(comparison, $"{found.Done}"), $"{found.Done}{requested}{ending}");
    }

    /// <summary>A killed process's last step has no errno, which must not read like success.</summary>
    private static string? Interrupted(ProcessResult process, int step)
    {
        StepResult last = process.Steps[step];
        bool cut = step == process.Steps.Count - 1 && last.Errno == Errno.None && last.Done < last.Requested && process.State != "exited";
        return cut ? $"no errno, but {last.Done} of {last.Requested} done: {Fate(process)}" : null;
    }

    private static string NotReached(ProcessResult process, int step)
    {
        if (process.Steps.Count == 0)
        {
            return $"step {step} was not reached: no step was begun, {Fate(process)}";
        }

        int last = process.Steps.Count - 1;
        Errno errno = process.Steps[last].Errno;
        string why = errno == Errno.None ? Fate(process) : $"step {last} ended with {errno}";
        return $"step {step} was not reached: {why}";
    }

    private static string Fate(ProcessResult process)
    {
        if (process.OomKilled)
        {
            return "killed by the OOM killer";
        }

        return process.State switch
        {
            "exited" => $"exited with {process.ExitCode}",
            "killed" => $"killed by {process.Signal ?? "a signal"}",
            _ => "still running when the run ended",
        };
    }

    private static string ErrnoWord(Errno errno) => errno == Errno.None ? "none" : errno.ToString();

    private static ExpectationResult JudgeLog(Expectation expectation, RunResult result)
    {
        string wanted = expectation.Dmesg ?? "";
        int lines = result.Dmesg.Count(line => line.Text.Contains(wanted, StringComparison.Ordinal));
        string text = expectation.Count is int count ? $"dmesg {Quote.Text(wanted)} in {Lines(count)}" : $"dmesg {Quote.Text(wanted)}";
        string actual = lines == 0 ? $"no line has it ({Lines(result.Dmesg.Count)} logged)" : $"in {Lines(lines)}";
        return new ExpectationResult(text, expectation.Count is int exactly ? lines == exactly : lines > 0, actual);
    }

    private static string Lines(int count) => count == 1 ? "1 line" : $"{count} lines";
}
