using System.Text;
using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.Cgroups;
using Ullage.Model.Eras;
using static Ullage.Model.Kernfs.ControlFile;

namespace Ullage.Model.Kernfs;

/// <summary>v2: the files that every cgroup has (§10.3 to §10.5).</summary>
[Kernel("cgroup_base_files", "kernel/cgroup/cgroup.c", Deviation = "A threaded cgroup's tasks are listed below its domain in the order of the tree.")]
internal sealed class V2CoreFiles(Machine machine, CoreFiles core, SubtreeControl control)
{
    /// <summary>Files that the root does not have.</summary>
    public static bool IsAbsentOnRoot(string name) =>
        name is "cgroup.type" or "cgroup.events" or "cgroup.populated" or "cgroup.freeze" or "cgroup.kill";

    public IEnumerable<ControlFile> Files()
    {
        yield return new ControlFile("cgroup.type", cgroup => Threading.TypeOf(cgroup) + "\n", WriteType);
        yield return new ControlFile("cgroup.procs", cgroup => core.ShowPids(cgroup, threads: false), (cgroup, text) => core.MovePid(cgroup, text, wholeProcess: true))
        {
            ReadErrnoOf = cgroup => cgroup.IsThreaded ? Errno.EOPNOTSUPP : Errno.None,
        };
        yield return new ControlFile("cgroup.threads", cgroup => core.ShowPids(cgroup, threads: true), (cgroup, text) => core.MovePid(cgroup, text, wholeProcess: false));
        yield return new ControlFile("cgroup.controllers", control.ShowAvailable);
        yield return new ControlFile("cgroup.subtree_control", SubtreeControl.Show, control.Write);
        yield return new ControlFile("cgroup.events", ShowEvents) { ChangesOf = cgroup => cgroup.EventsChanges };
        yield return new ControlFile("cgroup.populated", cgroup => Line(cgroup.PopulatedTasks > 0 ? 1 : 0));
        yield return new ControlFile("cgroup.max.descendants", cgroup => ShowMax(cgroup.MaxDescendants), (cgroup, text) => SetMax(text, max => cgroup.MaxDescendants = max));
        yield return new ControlFile("cgroup.max.depth", cgroup => ShowMax(cgroup.MaxDepth), (cgroup, text) => SetMax(text, max => cgroup.MaxDepth = max));
        yield return new ControlFile("cgroup.stat", ShowStat);
        yield return new ControlFile("cgroup.freeze", cgroup => Line(cgroup.Freeze ? 1 : 0), WriteFreeze);
        yield return new ControlFile("cgroup.kill", null, WriteKill);
    }

    [Kernel("cgroup_type_write", "kernel/cgroup/cgroup.c")]
    private Errno WriteType(Cgroup cgroup, string text) =>
        KernelNumber.Strip(text).SequenceEqual("threaded") ? Threading.Enable(machine, cgroup) : Errno.EINVAL;

    private string ShowEvents(Cgroup cgroup)
    {
        string populated = "populated " + Line(cgroup.PopulatedTasks > 0 ? 1 : 0);
        bool freezes = machine.Era.Cgroups.V2CoreFiles.Has("cgroup.freeze");
        return freezes ? populated + "frozen " + Line(cgroup.Frozen ? 1 : 0) : populated;
    }

    private static string ShowMax(int value) => value == int.MaxValue ? "max\n" : Line(value);

    [Kernel("cgroup_max_descendants_write", "kernel/cgroup/cgroup.c")]
    private static Errno SetMax(string text, Action<int> set)
    {
        ReadOnlySpan<char> word = KernelNumber.Strip(text);
        int value = int.MaxValue;
        if (!word.SequenceEqual("max"))
        {
            Errno errno = KernelNumber.TryParseInt(word, out value);
            if (errno != Errno.None || value is < 0 or int.MaxValue)
            {
                return errno != Errno.None ? errno : Errno.ERANGE;
            }
        }
        set(value);
        return Errno.None;
    }

    [Kernel("cgroup_stat_show", "kernel/cgroup/cgroup.c")]
    private string ShowStat(Cgroup cgroup)
    {
        StringBuilder text = new("nr_descendants " + Line(cgroup.Descendants));
        bool perController = machine.Era.Cgroups.StatCountsSubsystems;
        if (perController)
        {
            CountSubsystems(text, "nr_subsys_", name => LiveStates(cgroup, name));
        }
        text.Append("nr_dying_descendants ").Append(Line(cgroup.DyingDescendants));
        if (perController)
        {
            CountSubsystems(text, "nr_dying_subsys_", name => name == "memory" ? cgroup.DyingDescendants : 0);
        }
        return text.ToString();
    }

    private static void CountSubsystems(StringBuilder text, string prefix, Func<string, long> count)
    {
        foreach (string name in (ReadOnlySpan<string>)["cpuset", "cpu", "io", "memory", "perf_event", "hugetlb", "pids", "rdma", "misc"])
        {
            text.Append(prefix).Append(name).Append(' ').Append(Line(count(name)));
        }
    }

    /// <summary>perf_event is everywhere, memory where it was enabled, the others at the root only.</summary>
    private static long LiveStates(Cgroup cgroup, string name) => name switch
    {
        "perf_event" => 1 + cgroup.Descendants,
        "memory" => CountStates(cgroup, each => each.OwnMemcg is not null),
        "pids" => CountStates(cgroup, each => each.OwnPids is not null || each.Parent is null),
        _ => cgroup.Parent is null ? 1 : 0,
    };

    private static long CountStates(Cgroup cgroup, Func<Cgroup, bool> has)
    {
        long count = has(cgroup) ? 1 : 0;
        foreach (Cgroup child in cgroup.Children)
        {
            count += CountStates(child, has);
        }
        return count;
    }

    /// <summary>Its tasks stop before their next slice, and go on when it thaws.</summary>
    [Kernel("cgroup_freeze_write", "kernel/cgroup/cgroup.c")]
    private Errno WriteFreeze(Cgroup cgroup, string text)
    {
        Errno errno = KernelNumber.TryParseInt(KernelNumber.Strip(text), out int value);
        if (errno != Errno.None || value is < 0 or > 1)
        {
            return errno != Errno.None ? errno : Errno.ERANGE;
        }
        cgroup.SetFreeze(value == 1);
        machine.Scheduler.Thaw();
        return Errno.None;
    }

    [Kernel("cgroup_kill_write", "kernel/cgroup/cgroup.c")]
    private Errno WriteKill(Cgroup cgroup, string text)
    {
        Errno errno = KernelNumber.TryParseInt(KernelNumber.Strip(text), out int value);
        if (errno != Errno.None || value != 1)
        {
            return errno != Errno.None ? errno : Errno.ERANGE;
        }
        Kill(cgroup);
        return Errno.None;
    }

    private void Kill(Cgroup cgroup)
    {
        foreach (TaskStruct task in new List<TaskStruct>(cgroup.Tasks))
        {
            if (!task.FatalSignalPending && !task.Signal.Ended)
            {
                machine.SendFatal(task.Signal, 9);
            }
        }
        foreach (Cgroup child in cgroup.Children)
        {
            Kill(child);
        }
    }
}
