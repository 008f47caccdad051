using Ullage.Abi;

namespace Ullage.Lab.Results;

/// <summary>What a run gave. <c>ResultJson</c> writes it as schema <c>ullage/result/1</c> (scenario.md, "Result").</summary>
public sealed record RunResult
{
    /// <summary>The scenario's name.</summary>
    public required string Scenario { get; init; }
    /// <summary><c>model</c> or <c>host</c>.</summary>
    public required string Target { get; init; }
    /// <summary>The era (<c>4.15</c>), or the host's release (<c>6.18.44</c>).</summary>
    public required string Kernel { get; init; }
    /// <summary>The seed of the run.</summary>
    public ulong Seed { get; init; }
    /// <summary>Why it ended: <c>idle</c> (every process has ended), <c>stopped</c> (stop.after), <c>interrupted</c>, <c>panic</c> (the modelled kernel stopped; what ran is <c>running</c>).</summary>
    public required string Ended { get; init; }
    /// <summary>Time in the run, in nanoseconds: virtual on the model, real on the host.</summary>
    public long VirtualNs { get; init; }
    /// <summary>Real time that the run took, in milliseconds.</summary>
    public double WallMs { get; init; }
    /// <summary>The processes, in the order of their start.</summary>
    public IReadOnlyList<ProcessResult> Processes { get; init; } = [];
    /// <summary>Collected files: path and exact text.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Files { get; init; } = [];
    /// <summary>Files that could not be collected: path and errno.</summary>
    public IReadOnlyList<KeyValuePair<string, Errno>> UnavailableFiles { get; init; } = [];
    /// <summary>Samples, in the order of time.</summary>
    public IReadOnlyList<SampleResult> Samples { get; init; } = [];
    /// <summary>Kernel log lines of this run.</summary>
    public IReadOnlyList<DmesgLine> Dmesg { get; init; } = [];
    /// <summary>Stack histograms.</summary>
    public IReadOnlyList<StackResult> Stacks { get; init; } = [];
    /// <summary>What the target could not do or show, and why, for people; empty when nothing is missing.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
    /// <summary>The expectations and whether they hold.</summary>
    public IReadOnlyList<ExpectationResult> Expectations { get; init; } = [];
}

/// <summary>One process's fate.</summary>
public sealed record ProcessResult
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
    /// <summary>Its pid.</summary>
    public int Pid { get; init; }
    /// <summary>Its cgroup path.</summary>
    public string Cgroup { get; init; } = "/";
    /// <summary><c>exited</c>, <c>killed</c>, or <c>running</c> when the run stopped first.</summary>
    public required string State { get; init; }
    /// <summary>Its exit status; null unless it exited.</summary>
    public int? ExitCode { get; init; }
    /// <summary>The signal that ended it, such as <c>SIGKILL</c>; null if none did.</summary>
    public string? Signal { get; init; }
    /// <summary>True when the OOM killer killed it.</summary>
    public bool OomKilled { get; init; }
    /// <summary>Its steps, as far as it came.</summary>
    public IReadOnlyList<StepResult> Steps { get; init; } = [];
}

/// <summary>One step of a process.</summary>
public sealed record StepResult
{
    /// <summary>The operation's word.</summary>
    public required string Op { get; init; }
    /// <summary>Units asked for (see scenario.md for the unit of each operation).</summary>
    public long Requested { get; init; }
    /// <summary>Units that succeeded.</summary>
    public long Done { get; init; }
    /// <summary>The errno it ended with; <see cref="Errno.None"/> when it succeeded.</summary>
    public Errno Errno { get; init; }
    /// <summary>Time it took, in nanoseconds.</summary>
    public long VirtualNs { get; init; }
    /// <summary>Per pass, on <c>read</c> and <c>touch</c>; null on others.</summary>
    public IReadOnlyList<PassResult>? Passes { get; init; }
}

/// <summary>One pass of a <c>read</c> or <c>touch</c>.</summary>
public sealed record PassResult(long Hits, long Misses, long ReadBytes, long VirtualNs);

/// <summary>One sample: time since the start and the exact text of each file that could be read.</summary>
public sealed record SampleResult(long TNs, IReadOnlyList<KeyValuePair<string, string>> Files)
{
    /// <summary>Files that could not be read at this time: path and errno.</summary>
    public IReadOnlyList<KeyValuePair<string, Errno>> Unavailable { get; init; } = [];
}

/// <summary>One kernel log line. Level is the syslog level (4 = warning, 3 = error, 6 = info).</summary>
public sealed record DmesgLine(long TNs, int Level, string Text);

/// <summary>One line of a story that the target tells while it runs, such as the phases of a migration.</summary>
public sealed record NarrationLine(long TNs, string Text);

/// <summary>One stack of a histogram, innermost frame first.</summary>
public sealed record StackResult(string Probe, long Count, IReadOnlyList<string> Frames);

/// <summary>Whether an expectation holds, and what was found.</summary>
public sealed record ExpectationResult(string Text, bool Ok, string Actual);
