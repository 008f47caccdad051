using Ullage.Lab.Scenarios;
using Ullage.Lab.Scenarios.Reading;
using Ullage.Model;

namespace Ullage.Lab.Targets.Model;

/// <summary>Says, before anything runs, what the model of this version cannot do.</summary>
internal static class ModelSupport
{
    private const int UsageError = 2;
    private const int NotThere = 4;

    /// <summary>Throws when the scenario cannot run here.</summary>
    /// <exception cref="TargetUnavailableException">It names what is missing and where the scenario asks for it.</exception>
    public static void Check(Scenario scenario)
    {
        foreach (ProcessSpec process in scenario.Processes)
        {
            Check(process, scenario);
        }
    }

    private static void Check(ProcessSpec process, Scenario scenario)
    {
        if (process.EveryNs is not null && scenario.StopAfterNs is null)
        {
            throw new TargetUnavailableException($"process {process.Name}: every would start it for ever: give the scenario a stop: {{ after: … }}", UsageError);
        }
        Check(process.Do, process.Name);
    }

    private static void Check(IReadOnlyList<Operation> operations, string process)
    {
        foreach (Operation operation in operations)
        {
            if (Missing(operation) is string what)
            {
                throw NotSupported(what, operation, process);
            }
            switch (operation)
            {
                case ForkOperation fork:
                    Check(fork.Do, fork.ChildName);
                    break;
                case RepeatOperation repeat:
                    Check(repeat.Do, process);
                    break;
                case InterleaveOperation interleave:
                    Check(interleave.Of, process);
                    break;
            }
        }
    }

    /// <summary>What an operation needs that is not there; null = nothing.</summary>
    private static string? Missing(Operation operation) => operation switch
    {
        MadviseOperation madvise when AdviceOf(madvise.Advice) is null => "madvise " + madvise.Advice,
        KillOperation { Signal: "SIGSTOP" or "SIGTSTP" or "SIGTTIN" or "SIGTTOU" or "SIGCONT" } kill => "kill " + kill.Signal,
        GrowOperation or MmapOperation or TouchOperation or MunmapOperation or MprotectOperation or MadviseOperation or MremapOperation or BrkOperation or MallocOperation or FreeOperation or ExecOperation or ForkOperation or WaitOperation
            or RepeatOperation or InterleaveOperation or SleepOperation or PauseOperation or EchoOperation or MkdirOperation or RmdirOperation or MoveOperation
            or KillOperation or ExitOperation or SockOperation or StatMissingOperation or ReadOperation or WriteOperation => null,
        CreateFilesOperation create when IsInMemory(create.Directory) => "create_files on a RAM file system",
        CreateFilesOperation or UnlinkFilesOperation => null,
        _ => operation.Name,
    };

    private static bool IsInMemory(string directory)
    {
        foreach (string mount in new[] { "/dev", "/run", "/proc", "/sys" })
        {
            if (directory == mount || directory.StartsWith(mount + "/", StringComparison.Ordinal))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The error of something that comes with a later version.</summary>
    public static TargetUnavailableException NotSupported(string what, Operation operation, string process) =>
        new($"not supported by this version: {what} (line {operation.Line}, process {process}): take the step out, or run it with --on host", NotThere);

    /// <summary>The advice of a word; null when the model has none of that name.</summary>
    public static Advice? AdviceOf(string word) => word switch
    {
        "nohugepage" => Advice.NoHugePage,
        "dontneed" => Advice.DontNeed,
        "free" => Advice.Free,
        "willneed" => Advice.WillNeed,
        "normal" => Advice.Normal,
        "random" => Advice.Random,
        "sequential" => Advice.Sequential,
        _ => null,
    };

    /// <summary>The number of a signal such as <c>SIGKILL</c>.</summary>
    public static int SignalNumber(string signal) => Array.IndexOf(Words.Signals, signal) + 1;

    /// <summary>A signal's name.</summary>
    public static string SignalName(int number) =>
        number >= 1 && number <= Words.Signals.Length ? Words.Signals[number - 1] : FormattableString.Invariant($"SIG{number}");

    /// <summary>Signals that do nothing to a process that has no handler.</summary>
    public static bool IsIgnored(string signal) => signal is "SIGCHLD" or "SIGURG" or "SIGWINCH";
}
