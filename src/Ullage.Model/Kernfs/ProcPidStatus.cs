using System.Globalization;
using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Eras;

namespace Ullage.Model.Kernfs;

/// <summary>/proc/&lt;pid&gt;/status: identity, memory and threads. Lines about things that the model has not (signals, capabilities, namespaces) are left out.</summary>
[Kernel("proc_pid_status", "fs/proc/array.c", Deviation = "Only lines about what the model has.")]
internal sealed class ProcPidStatus(Machine machine, TaskStruct task)
{
    private const int KbPerPage = KernelConstants.PageSize / 1024;

    private readonly StringBuilder _text = new();

    public string Text()
    {
        ProcRules rules = machine.Era.Proc;
        Line("Name", task.Comm);
        if (rules.StatusHasUmask)
        {
            Line("Umask", "0022");
        }
        Line("State", State());
        Line("Tgid", Number(task.Signal.Tgid));
        Line("Pid", Number(task.Pid));
        Line("PPid", Number(task.Signal.Parent?.Tgid ?? 1));
        Line("TracerPid", "0");
        string ids = Number(task.Signal.Uid);
        Line("Uid", $"{ids}\t{ids}\t{ids}\t{ids}");
        Line("Gid", $"{ids}\t{ids}\t{ids}\t{ids}");
        if (task.Mm is { } mm)
        {
            Memory(mm, rules);
        }
        Line("Threads", Number(LiveThreads()));
        return _text.ToString();
    }

    private string State() => task.State switch
    {
        TaskState.Zombie => "Z (zombie)",
        TaskState.WaitingForOom => "D (disk sleep)",
        TaskState.Running when task.Program is not null => "R (running)",
        _ => "S (sleeping)",
    };

    private int LiveThreads()
    {
        int count = 0;
        foreach (TaskStruct thread in task.Signal.Threads)
        {
            count += thread.State == TaskState.Zombie ? 0 : 1;
        }
        return Math.Max(count, 1);
    }

    [Kernel("task_mem", "fs/proc/task_mmu.c")]
    private void Memory(Mm mm, ProcRules rules)
    {
        Kb("VmPeak", Math.Max(mm.PeakTotalPages, mm.TotalPages));
        Kb("VmSize", mm.TotalPages);
        Kb("VmLck", 0);
        Kb("VmPin", 0);
        Kb("VmHWM", Math.Max(mm.PeakRss, mm.Rss));
        Kb("VmRSS", mm.Rss);
        if (rules.StatusHasRssParts)
        {
            Kb("RssAnon", mm.AnonPages);
            Kb("RssFile", mm.FilePages);
            Kb("RssShmem", mm.ShmemPages);
        }
        Kb("VmData", mm.DataPages);
        Kb("VmStk", mm.StackPages);
        Kb("VmExe", mm.ExecPages);
        Kb("VmLib", 0);
        Kb("VmPTE", rules.StatusHasVmPmd ? mm.PteTables : mm.TablePages);
        if (rules.StatusHasVmPmd)
        {
            Kb("VmPMD", mm.PmdTables);
        }
        Kb("VmSwap", mm.SwapPages);
        Kb("HugetlbPages", 0);
    }

    private void Line(string name, string value) => _text.Append(name).Append(":\t").Append(value).Append('\n');

    private void Kb(string name, long pages) => Line(name, Number(pages * KbPerPage).PadLeft(8) + " kB");

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
