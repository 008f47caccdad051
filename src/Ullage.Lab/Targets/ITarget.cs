using Ullage.Abi;
using Ullage.Lab.Results;
using Ullage.Lab.Scenarios;

namespace Ullage.Lab.Targets;

/// <summary>Something that can run a scenario: the model, or the kernel of this host.</summary>
public interface ITarget
{
    /// <summary><c>model</c> or <c>host</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Runs a scenario to its end and removes everything that it made. Throws <see cref="TargetUnavailableException"/> when this target cannot
    /// run it. After cancellation the result so far is returned with <c>Ended = "interrupted"</c>. <c>Expectations</c> is left empty:
    /// the caller judges.
    /// </summary>
    RunResult Run(Scenario scenario, RunOptions options, IRunObserver observer, CancellationToken cancel);
}

/// <summary>What a caller may vary.</summary>
public sealed record RunOptions
{
    /// <summary>The seed: same scenario, same seed, same bytes (on the model).</summary>
    public ulong Seed { get; init; } = 1;
    /// <summary>The era to use instead of the scenario's; null = the scenario's.</summary>
    public string? Kernel { get; init; }
    /// <summary>How often <see cref="IRunObserver.OnProgress"/> is called, in the run's time.</summary>
    public long ProgressEveryNs { get; init; } = 100_000_000;
}

/// <summary>Watches a run while it goes on; what is not implemented is not watched. All times are nanoseconds since the run began.</summary>
public interface IRunObserver
{
    /// <summary>The run begins; <paramref name="files"/> reads the target's files (the model's or the host's, with scenario paths).</summary>
    void OnStart(string target, string kernel, IKernelFiles files)
    {
    }

    /// <summary>Called at the progress interval.</summary>
    void OnProgress(long tNs, IKernelFiles files)
    {
    }

    /// <summary>A kernel log line of this run.</summary>
    void OnKernelLog(DmesgLine line)
    {
    }

    /// <summary>A task's move between cgroups, phase by phase (model only).</summary>
    void OnNarration(NarrationLine line)
    {
    }

    /// <summary>A process ended.</summary>
    void OnProcessEnded(long tNs, ProcessResult process)
    {
    }
}

/// <summary>A target cannot run a scenario: no permission (exit code 3) or a missing kernel feature (exit code 4).</summary>
public sealed class TargetUnavailableException(string message, int exitCode) : Exception(message)
{
    /// <summary>2 when the scenario is wrong, else 3 or 4 (docs/cli).</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>True when the message begins with <c>file:line:column:</c>, where editors expect nothing before it.</summary>
    public bool NamesPlace { get; init; }
}

/// <summary>Looks at nothing.</summary>
public sealed class NobodyWatches : IRunObserver;
