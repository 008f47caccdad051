using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;

namespace Ullage.Model.Kernfs;

/// <summary>/proc/&lt;pid&gt; (§8.3, §11.6).</summary>
[Kernel("tgid_base_stuff", "fs/proc/base.c")]
internal sealed class ProcPid(Machine machine)
{
    private const int CommLength = 15;
    private const int OomDisable = -17;
    private const int OomAdjustMax = 15;
    private const int OomScoreAdjMax = 1000;

    private bool _warnedOfOomAdj;

    private static readonly IReadOnlyList<string> KernelNames = ["status", "comm", "statm", "cgroup", "oom_score", "oom_adj", "oom_score_adj"];

    public IReadOnlyList<string> Names => machine.ProcPidFiles.Count == 0 ? KernelNames : [.. KernelNames, .. machine.ProcPidFiles.Names];

    public bool Has(string name) => IsKernels(name) || machine.ProcPidFiles.Find(name) is not null;

    /// <summary>The kernel has a file of that name itself.</summary>
    public static bool IsKernels(string name) => Eras.NameList.Has(KernelNames, name);

    public KernelRead Read(TaskStruct task, ReadOnlySpan<string> path)
    {
        if (!Has(path[0]) || path.Length > 1)
        {
            return KernelRead.Failed(Has(path[0]) ? Errno.ENOTDIR : Errno.ENOENT);
        }
        if (machine.ProcPidFiles.Find(path[0]) is { } own)
        {
            return KernelRead.Of(own.Show(machine, task));
        }
        return KernelRead.Of(path[0] switch
        {
            "status" => new ProcPidStatus(machine, task).Text(),
            "comm" => task.Comm + "\n",
            "statm" => Statm(task.Mm),
            "cgroup" => ShowCgroup(task),
            "oom_score" => ControlFile.Line(task.Mm is null ? 0 : machine.Oom.Badness.Score(task)),
            "oom_adj" => ControlFile.Line(OomAdj(task.Signal.OomScoreAdj)),
            _ => ControlFile.Line(task.Signal.OomScoreAdj),
        });
    }

    [Kernel("proc_pid_statm", "fs/proc/array.c")]
    private static string Statm(Mm? mm) => mm is null
        ? "0 0 0 0 0 0 0\n"
        : string.Create(CultureInfo.InvariantCulture, $"{mm.TotalPages} {mm.Rss} {mm.FilePages + mm.ShmemPages} {mm.ExecPages} 0 {mm.DataPages + mm.StackPages} 0\n");

    /// <summary>One line per hierarchy, the one mounted last first (§11.6).</summary>
    [Kernel("proc_cgroup_show", "kernel/cgroup/cgroup.c")]
    private string ShowCgroup(TaskStruct task)
    {
        StringBuilder text = new();
        for (int i = machine.Hierarchies.Count - 1; i >= 0; i--)
        {
            Cgroup cgroup = task.CssSet.Cgroups[i];
            bool hidden = cgroup.Hierarchy.Version == 1 && task.Exiting; // a zombie's place is not shown on v1
            bool deleted = cgroup.Hierarchy.Version == 2 && !cgroup.Online;
            text.Append(CultureInfo.InvariantCulture, $"{cgroup.Hierarchy.Id}:{cgroup.Hierarchy.Name}:{(hidden ? "/" : cgroup.Path)}{(deleted ? " (deleted)" : "")}\n");
        }
        return text.ToString();
    }

    private static int OomAdj(int scoreAdj) => scoreAdj == OomScoreAdjMax ? OomAdjustMax : Math.Min(scoreAdj * -OomDisable / OomScoreAdjMax, OomAdjustMax);

    public Errno Write(TaskStruct task, ReadOnlySpan<string> path, string text)
    {
        if (!Has(path[0]) || path.Length > 1)
        {
            return Has(path[0]) ? Errno.ENOTDIR : Errno.ENOENT;
        }
        bool writable = path[0] is "comm" or "oom_adj" or "oom_score_adj";
        if (machine.Current is { Signal.IsPrivileged: false } writer && (!writable || writer.Signal.Uid != task.Signal.Uid))
        {
            return Errno.EACCES;
        }
        if (machine.ProcPidFiles.Find(path[0]) is { } own)
        {
            return own.Write?.Invoke(machine, task, text) ?? Errno.EINVAL;
        }
        return path[0] switch
        {
            "comm" => SetComm(task, text),
            "oom_adj" => WriteOomAdj(task, text),
            "oom_score_adj" => WriteOomScoreAdj(task, text),
            _ => Errno.EINVAL,
        };
    }

    [Kernel("comm_write", "fs/proc/base.c")]
    private Errno SetComm(TaskStruct task, string text)
    {
        if (machine.Current?.Signal != task.Signal)
        {
            return Errno.EINVAL;
        }
        string name = text.TrimEnd('\n');
        task.Comm = name.Length > CommLength ? name[..CommLength] : name;
        return Errno.None;
    }

    [Kernel("oom_score_adj_write", "fs/proc/base.c")]
    private Errno WriteOomScoreAdj(TaskStruct task, string text)
    {
        Errno errno = KernelNumber.TryParseInt(KernelNumber.Strip(text), out int value);
        if (errno != Errno.None || value is < -OomScoreAdjMax or > OomScoreAdjMax)
        {
            return errno != Errno.None ? errno : Errno.EINVAL;
        }
        if (value < task.Signal.OomScoreAdjMin && !WriterIsPrivileged)
        {
            return Errno.EACCES;
        }
        SetForMm(task, value);
        if (WriterIsPrivileged)
        {
            task.Signal.OomScoreAdjMin = value;
        }
        return Errno.None;
    }

    private bool WriterIsPrivileged => machine.Current?.Signal.IsPrivileged ?? true;

    [Kernel("oom_adj_write", "fs/proc/base.c")]
    private Errno WriteOomAdj(TaskStruct task, string text)
    {
        Errno errno = KernelNumber.TryParseInt(KernelNumber.Strip(text), out int value);
        if (errno != Errno.None || value is < OomDisable or > OomAdjustMax)
        {
            return errno != Errno.None ? errno : Errno.EINVAL;
        }
        int scoreAdj = value == OomAdjustMax ? OomScoreAdjMax : value * OomScoreAdjMax / -OomDisable;
        if (scoreAdj < task.Signal.OomScoreAdj && !WriterIsPrivileged)
        {
            return Errno.EACCES;
        }
        if (!_warnedOfOomAdj)
        {
            _warnedOfOomAdj = true;
            string who = machine.Current is { } writer ? string.Create(CultureInfo.InvariantCulture, $"{writer.Comm} ({writer.Pid})") : "sh (1)";
            machine.Log.Write(4, string.Create(CultureInfo.InvariantCulture,
                $"{who}: /proc/{task.Pid}/oom_adj is deprecated, please use /proc/{task.Pid}/oom_score_adj instead."));
        }
        SetForMm(task, scoreAdj);
        return Errno.None;
    }

    /// <summary>Processes that share an address space share the setting.</summary>
    [Kernel("__set_oom_adj", "fs/proc/base.c")]
    private void SetForMm(TaskStruct task, int scoreAdj)
    {
        task.Signal.OomScoreAdj = scoreAdj;
        foreach (TaskStruct other in machine.Tasks.All)
        {
            if (task.Mm is not null && other.Mm == task.Mm)
            {
                other.Signal.OomScoreAdj = scoreAdj;
            }
        }
    }
}
