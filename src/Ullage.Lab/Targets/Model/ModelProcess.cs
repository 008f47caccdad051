using Ullage.Lab.Results;
using Ullage.Lab.Targets.Model.Steps;
using Ullage.Model;
using Ullage.Model.Charging;

namespace Ullage.Lab.Targets.Model;

/// <summary>One process of a run.</summary>
internal sealed class ModelProcess(string name, string cgroup, TaskStruct task, bool forked)
{
    private const int SigKill = 9;

    public string Name { get; } = name;

    /// <summary>The cgroup that it began in.</summary>
    public string Cgroup { get; } = cgroup;

    public TaskStruct Task { get; } = task;

    /// <summary>Another process of the run forked it.</summary>
    public bool Forked { get; } = forked;

    public List<StepRecord> Steps { get; } = [];

    /// <summary>Its open sockets, which its end closes.</summary>
    public List<SocketAccount> Sockets { get; } = [];

    /// <summary>It sleeps in <c>wait</c>: a child's end wakes it.</summary>
    public bool WaitsForChild { get; set; }

    /// <summary>What became of it; null while it runs.</summary>
    public ProcessResult? Result { get; set; }

    /// <summary>The process as it stands.</summary>
    public ProcessResult Describe(long nowNs)
    {
        SignalStruct signal = Task.Signal;
        bool killed = signal.Ended && signal.ExitSignal != 0;
        return new ProcessResult
        {
            Name = Name,
            Pid = signal.Tgid,
            Cgroup = Cgroup,
            State = !signal.Ended ? "running" : killed ? "killed" : "exited",
            ExitCode = signal.Ended ? signal.ExitCode : null,
            Signal = killed ? ModelSupport.SignalName(signal.ExitSignal) : null,
            OomKilled = killed && signal.ExitSignal == SigKill && signal.OomKilled,
            Steps = Steps.ConvertAll(step => step.Result(nowNs)),
        };
    }
}
