using Ullage.Abi;
using Ullage.Abi.Units;
using Ullage.Model.AddressSpace;
using Ullage.Model.Cgroups;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Pages;
using Ullage.Model.Tracing;

namespace Ullage.Model.Oom;

/// <summary>
/// The OOM killer (§8): when a memory cgroup, or the machine, has nothing left, choose a process, report, kill it. Killing
/// takes time: the victim's memory comes back when it exits, and the charge that asked retries meanwhile.
/// </summary>
[Kernel("out_of_memory", "mm/oom_kill.c", Deviation = "No notifiers.")]
internal sealed partial class OomKiller
{
    private const int CostlyOrder = 3;

    private readonly Machine _machine;
    private readonly OomRules _rules;
    private readonly OomReport _report;
    private readonly OomReaper _reaper;

    public OomKiller(Machine machine)
    {
        _machine = machine;
        _rules = machine.Era.Oom;
        Badness = new Badness(machine);
        Waiters = new OomWaiters(machine);
        _report = new OomReport(machine);
        _reaper = new OomReaper(machine);
    }

    public Badness Badness { get; }

    public OomWaiters Waiters { get; }

    /// <summary>What it prints; vm.oom_dump_tasks is here.</summary>
    public OomReport Report => _report;

    /// <summary>vm.panic_on_oom: 1 = when the whole machine is out of memory, 2 = also when a memory cgroup, a cpuset or a memory policy is.</summary>
    public int PanicOnOom { get; set; }

    /// <summary>vm.oom_kill_allocating_task: anything but 0 kills who asked.</summary>
    public int KillAllocatingTask { get; set; }

    /// <summary>Kills since boot (vmstat oom_kill).</summary>
    public long Kills { get; private set; }

    /// <summary>A charge is out of retries (§2.3, "mem_cgroup_oom").</summary>
    [Kernel("mem_cgroup_oom", "mm/memcontrol.c")]
    public MemcgOomResult MemcgOom(MemCgroup over, Gfp gfp, int order)
    {
        if (!_rules.EventAfterCostlyTest)
        {
            over.RaiseEvent(MemcgEvent.Oom);
        }
        TaskStruct? current = _machine.Current;
        if (_rules.MemcgTiming == MemcgOomTiming.AtFaultEnd)
        {
            return Remember(current, over, gfp, order);
        }
        if (order > CostlyOrder)
        {
            return MemcgOomResult.Skipped;
        }
        if (_rules.EventAfterCostlyTest)
        {
            over.RaiseEvent(MemcgEvent.Oom);
        }
        if (over.IsV1 && over.OomKillDisable)
        {
            return Remember(current, over, gfp, order);
        }
        bool locked = Waiters.TryLock(over);
        bool killed = MemcgOutOfMemory(over, gfp, order, current is { InUserFault: true });
        if (locked)
        {
            Waiters.Unlock(over);
        }
        return killed ? MemcgOomResult.Success : MemcgOomResult.Failed;
    }

    private static MemcgOomResult Remember(TaskStruct? current, MemCgroup over, Gfp gfp, int order)
    {
        if (current is not { InUserFault: true })
        {
            return MemcgOomResult.Skipped;
        }
        (current.MemcgInOom, current.MemcgOomGfp, current.MemcgOomOrder) = (over, gfp, order);
        return MemcgOomResult.Async;
    }

    /// <summary>The end of a page fault whose charge left an OOM behind (§8.1).</summary>
    [Kernel("mem_cgroup_oom_synchronize", "mm/memcontrol.c")]
    public FaultOutcome Synchronize(TaskStruct task, MemCgroup memcg)
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.MemCgroupOomSynchronize);
        }
        if (memcg.OomKillDisable)
        {
            if (task.FatalSignalPending)
            {
                return FaultOutcome.Killed;
            }
            Waiters.Wait(task, memcg);
            return FaultOutcome.WaitForOom;
        }
        bool locked = Waiters.TryLock(memcg);
        _machine.Path.Site = KernelSite.FaultEnd;
        _ = MemcgOutOfMemory(memcg, task.MemcgOomGfp, task.MemcgOomOrder, inFault: true);
        _machine.Path.Site = KernelSite.Charge;
        if (locked)
        {
            Waiters.Unlock(memcg);
            Waiters.Recover(memcg);
        }
        return task.FatalSignalPending ? FaultOutcome.Killed : FaultOutcome.Retry;
    }

    /// <summary>True when memory will come back: somebody was killed, is dying, or there is room again.</summary>
    [Kernel("mem_cgroup_out_of_memory", "mm/memcontrol.c")]
    internal bool MemcgOutOfMemory(MemCgroup memcg, Gfp gfp, int order, bool inFault)
    {
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.MemCgroupOutOfMemory);
        }
        if (_rules.RechecksMargin && memcg.Margin(_machine.MemswCounts) >= 1L << order)
        {
            return true;
        }
        if (_rules.DyingCurrentIsEnough && _machine.Current is { IsDying: true })
        {
            return true;
        }
        return OutOfMemory(new OomContext
        {
            Memcg = memcg, Constraint = OomConstraint.Memcg, Gfp = gfp, Order = order, Current = _machine.Current, TotalPages = TotalPages(memcg), InFault = inFault,
        });
    }

    /// <summary>The machine itself has no memory left.</summary>
    internal bool GlobalOutOfMemory(Gfp gfp) => OutOfMemory(gfp, null);

    /// <summary>The machine, or the part of it where an allocation may look, has no memory left.</summary>
    internal bool GlobalOutOfMemory(in AllocRequest request) => OutOfMemory(request.Gfp, request);

    private bool OutOfMemory(Gfp gfp, AllocRequest? request)
    {
        KernelSite outer = _machine.Path.Site;
        _machine.Path.Site = KernelSite.Global;
        OomContext oc = new()
        {
            Gfp = gfp, Current = _machine.Current, TotalPages = _machine.Frames.Managed + SwapPages, InFault = _machine.Current is { InUserFault: true },
        };
        bool comesBack = OutOfMemory(request is { } asked && _machine.Frames.IsNuma ? Constrained(oc, asked) : oc);
        _machine.Path.Site = outer;
        return comesBack;
    }

    private long SwapPages => _machine.Options.SwapBytes >> KernelConstants.PageShift;

    /// <summary>§8.4.</summary>
    [Kernel("mem_cgroup_get_max", "mm/memcontrol.c")]
    private long TotalPages(MemCgroup memcg)
    {
        long max = memcg.Memory.Max;
        long swap = _machine.Options.SwapBytes >> KernelConstants.PageShift;
        if (memcg.Swappiness > 0 && swap > 0)
        {
            long more = memcg.IsV1 ? memcg.Memsw.Max - max : memcg.Swap.Max;
            max = _rules.TotalPagesByMemsw && memcg.IsV1 ? Math.Min(max + swap, memcg.Memsw.Max) : max + Math.Min(Math.Max(more, 0), swap);
        }
        return Math.Max(Math.Min(max, _machine.Frames.Managed + swap), 1);
    }

    private bool OutOfMemory(OomContext oc)
    {
        if (_machine.Panicked is not null)
        {
            return false;
        }
        if (_machine.Probes.Any)
        {
            _machine.Probes.Hit(KernelFunction.OutOfMemory);
        }
        if (oc.Current is { } current && WillFreeMemory(current, isCurrent: true))
        {
            MarkVictim(current); // it only needs to get out
            return true;
        }
        if (oc.Gfp != Gfp.None && (oc.Gfp & Gfp.Fs) == 0 && (oc.Memcg is null || _rules.NoFsSkipsMemcg))
        {
            return true;
        }
        if (PanicOnOom == 2 || (PanicOnOom == 1 && oc.Constraint == OomConstraint.None))
        {
            _report.Panic(oc, PanicOnOom == 2);
            return false;
        }
        if (oc is { Memcg: null, Current: { Mm: not null, Signal.OomScoreAdj: > -1000 } allocating } && KillAllocatingTask != 0)
        {
            KillProcess(oc with { KillsAllocatingTask = true }, new OomChoice(allocating, 0, Aborted: false));
            return true;
        }
        OomChoice choice = Badness.Select(Eligible(oc, oc.Memcg), oc.TotalPages);
        if (choice.Aborted)
        {
            return true;
        }
        if (choice.Victim is null)
        {
            _report.NobodyToKill(oc);
            return false;
        }
        KillProcess(oc, choice);
        return true;
    }

    /// <summary>
    /// What a selection scans, in this order: of the machine its processes, of a memory cgroup its groups from the top down, each in the order of
    /// arrival, thread by thread where the era does so. Other uses, such as the task table, take what <paramref name="memcg"/>'s scan gives them.
    /// </summary>
    [Kernel("mem_cgroup_scan_tasks", "mm/memcontrol.c")]
    internal IEnumerable<TaskStruct> Candidates(MemCgroup? memcg)
    {
        if (memcg is null)
        {
            foreach (TaskStruct task in _machine.Tasks.All)
            {
                if (task.Signal.Leader == task && !task.Signal.Ended)
                {
                    yield return task;
                }
            }
            yield break;
        }
        foreach (TaskStruct task in TasksBelow(memcg.Cgroup, memcg))
        {
            if (_rules.ScansThreads || task.Signal.Leader == task)
            {
                yield return task;
            }
        }
    }

    private static IEnumerable<TaskStruct> TasksBelow(Cgroup cgroup, MemCgroup root)
    {
        if (!cgroup.Memcg.IsDescendantOf(root))
        {
            yield break; // v1 without hierarchy: another domain
        }
        foreach (TaskStruct task in cgroup.Tasks)
        {
            yield return task;
        }
        foreach (Cgroup child in cgroup.Children)
        {
            foreach (TaskStruct task in TasksBelow(child, root))
            {
                yield return task;
            }
        }
    }

    /// <summary>A page fault failed although no memory cgroup was at its limit (§8.1).</summary>
    [Kernel("pagefault_out_of_memory", "mm/oom_kill.c")]
    public void PageFaultOutOfMemory()
    {
        if (_rules.LeakedFaultRetries)
        {
            _report.LeakedFault();
            return;
        }
        _ = GlobalOutOfMemory(Gfp.None); // the old page-fault call knows no flags
    }

    /// <summary>Wakes those who wait for room in this cgroup (§2.7).</summary>
    public void Recover(MemCgroup memcg) => Waiters.Recover(memcg);

    /// <summary>A waiting task is being killed.</summary>
    public void ForgetWaiter(TaskStruct task) => Waiters.Forget(task);
}
