using Ullage.Abi;
using Ullage.Model.Charging;
using Ullage.Model.Eras;
using Ullage.Model.Kernfs;

namespace Ullage.Model.Reclaim;

/// <summary>How hard it is to reclaim from a cgroup.</summary>
internal enum PressureLevel
{
    Low,
    Medium,
    Critical,
}

/// <summary>Whether a listener hears of what happens below its cgroup.</summary>
internal enum PressureMode
{
    /// <summary>Only if nobody below was told.</summary>
    Default,
    /// <summary>Always.</summary>
    Hierarchy,
    /// <summary>Never.</summary>
    Local,
}

/// <summary>One registration for memory.pressure_level.</summary>
internal readonly record struct PressureListener(EventFd Target, PressureLevel Level, PressureMode Mode);

/// <summary>
/// Memory pressure as the ratio of pages reclaimed to pages looked at (§2.15). Reclaim reports every round; once 512 pages were looked at,
/// the level is worked out and told to listeners, upwards.
/// </summary>
[Kernel("vmpressure", "mm/vmpressure.c")]
internal sealed class VmPressure(Machine machine)
{
    private const long Window = 512; // SWAP_CLUSTER_MAX * 16
    private const long Medium = 60;
    private const long Critical = 95;
    private const int CriticalPriority = 3; // ilog2(100 / 10)
    private const long NsPerSecond = 1_000_000_000;

    /// <summary>What one cgroup has collected.</summary>
    internal sealed class State
    {
        public long Scanned;
        public long Reclaimed;
        public long TreeScanned;
        public long TreeReclaimed;
        public bool WorkQueued;
        public Action? Work;
        public long SocketPressureUntilNs;
    }

    /// <summary>A round of reclaim.</summary>
    /// <param name="memcg">The cgroup; null is the machine, which counts as the root.</param>
    /// <param name="gfp">What the allocation may do; one that may neither sleep nor touch files tells nothing.</param>
    /// <param name="tree">The call for the target of reclaim; false for a visited cgroup.</param>
    /// <param name="scanned">Pages looked at.</param>
    /// <param name="reclaimed">Pages freed.</param>
    public void Account(MemCgroup? memcg, Gfp gfp, bool tree, long scanned, long reclaimed)
    {
        MemCgroup target = memcg ?? machine.Hierarchy.Root.Memcg;
        if (!Counts(target, tree) || (gfp & (Gfp.Blocking | Gfp.Fs)) == 0 || scanned == 0)
        {
            return;
        }
        State state = target.Pressure ??= new State();
        if (tree)
        {
            state.TreeScanned += scanned;
            state.TreeReclaimed += reclaimed;
            if (state.TreeScanned >= Window && !state.WorkQueued)
            {
                QueueTelling(target, state);
            }
            return;
        }
        state.Scanned += scanned;
        state.Reclaimed += reclaimed;
        if (state.Scanned >= Window)
        {
            if (LevelOf(state.Scanned, state.Reclaimed) > PressureLevel.Low)
            {
                state.SocketPressureUntilNs = machine.TimeNs + NsPerSecond;
            }
            state.Scanned = state.Reclaimed = 0;
        }
    }

    private void QueueTelling(MemCgroup target, State state)
    {
        state.WorkQueued = true;
        machine.Work.Add(machine.TimeNs + machine.Costs.WorkItemNs, state.Work ??= () => Tell(target, state));
    }

    private bool Counts(MemCgroup memcg, bool tree) => machine.Era.Limits.PressureCalls switch
    {
        PressureCalls.Target => tree,
        PressureCalls.TargetAndVisited => true,
        _ => tree == memcg.IsV1,
    };

    /// <summary>A step down in priority: below 4 it is critical whatever was reclaimed.</summary>
    [Kernel("vmpressure_prio", "mm/vmpressure.c")]
    public void Priority(MemCgroup? memcg, Gfp gfp, int priority)
    {
        if (priority <= CriticalPriority)
        {
            Account(memcg, gfp, tree: true, Window, 0);
        }
    }

    [Kernel("vmpressure_work_fn", "mm/vmpressure.c")]
    private static void Tell(MemCgroup memcg, State state)
    {
        (long scanned, long reclaimed) = (state.TreeScanned, state.TreeReclaimed);
        state.WorkQueued = false;
        state.TreeScanned = state.TreeReclaimed = 0;
        if (scanned == 0)
        {
            return;
        }
        PressureLevel level = LevelOf(scanned, reclaimed);
        bool told = false;
        for (MemCgroup? m = memcg; m is not null; m = m.HierarchyParent)
        {
            told |= Tell(m, level, isAncestor: m != memcg, told);
        }
    }

    [Kernel("vmpressure_event", "mm/vmpressure.c")]
    private static bool Tell(MemCgroup memcg, PressureLevel level, bool isAncestor, bool toldBelow)
    {
        bool told = false;
        foreach (PressureListener listener in memcg.Listeners?.Pressure ?? [])
        {
            bool hears = listener.Mode switch
            {
                PressureMode.Local => !isAncestor,
                PressureMode.Default => !toldBelow,
                _ => true,
            };
            if (hears && level >= listener.Level)
            {
                listener.Target.Signal();
                told = true;
            }
        }
        return told;
    }

    /// <summary>The share that could not be reclaimed, in per cent, and the level it means: 60 medium, 95 critical.</summary>
    [Kernel("vmpressure_calc_level", "mm/vmpressure.c")]
    internal static PressureLevel LevelOf(long scanned, long reclaimed)
    {
        long percent = 0;
        if (reclaimed < scanned)
        {
            long scale = scanned + reclaimed;
            percent = (scale - (reclaimed * scale / scanned)) * 100 / scale;
        }
        return percent >= Critical ? PressureLevel.Critical : percent >= Medium ? PressureLevel.Medium : PressureLevel.Low;
    }
}
