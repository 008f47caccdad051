using System.Globalization;
using Ullage.Abi;
using Ullage.Cli.Terminal;
using Ullage.Lab.Results;

namespace Ullage.Cli.Run;

/// <summary>Says in words how processes and steps ended.</summary>
internal static class Fate
{
    private const long PageBytes = Abi.Units.KernelConstants.PageSize;

    public static string Of(ProcessResult process) => process switch
    {
        { OomKilled: true } => $"killed by the OOM killer ({process.Signal ?? "SIGKILL"})",
        { Signal: string signal } => $"killed by {signal}",
        { ExitCode: int code } => string.Create(CultureInfo.InvariantCulture, $"exited {code}"),
        { State: "running" } => "still running",
        _ => process.State,
    };

    public static Tone ToneOf(ProcessResult process) => process switch
    {
        { OomKilled: true } or { Signal: not null } => Tone.Magenta,
        { ExitCode: not null and not 0 } => Tone.Red,
        _ => Tone.Plain,
    };

    /// <summary>The unit that a step counts in; null when it counts nothing but itself.</summary>
    public static string? UnitOf(string op) => op switch
    {
        "grow" or "touch" or "read" or "write" => "page",
        "interleave" => "round",
        "stat_missing" or "create_files" or "unlink_files" => "file",
        "malloc" or "free" => "call",
        "brk" => "byte",
        _ => null,
    };

    /// <summary>How far a step came: <c>25548 of 51200 pages (99.8M of 200M)</c>.</summary>
    public static string Progress(StepResult step)
    {
        if (UnitOf(step.Op) is not string unit)
        {
            return step.Done >= step.Requested ? "done" : step.Requested == 1 ? "not done" : $"{Number(step.Done)} of {Number(step.Requested)}";
        }
        bool whole = step.Done == step.Requested;
        string counts = whole ? Amounts.Count(step.Done, unit) : $"{Number(step.Done)} of {Amounts.Count(step.Requested, unit)}";
        if (unit == "page")
        {
            string done = Amounts.Size(step.Done * PageBytes);
            counts += whole ? $" ({done})" : $" ({done} of {Amounts.Size(step.Requested * PageBytes)})";
        }
        return counts;
    }

    /// <summary>How a step ended: <c>ENOMEM (Cannot allocate memory)</c>, <c>ok</c>, <c>killed</c>, <c>unfinished</c>.</summary>
    public static string End(ProcessResult process, int index)
    {
        StepResult step = process.Steps[index];
        if (step.Errno != Errno.None)
        {
            return ErrnoNames.Describe(step.Errno);
        }
        bool last = index == process.Steps.Count - 1;
        bool cut = last && step.Done < step.Requested;
        return !cut ? "ok" : process.Signal is not null ? "killed" : process.State == "running" ? "unfinished" : "ok";
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
