using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Pressure;

/// <summary>
/// Tasks that are accounted together: the system, or on v2 a cgroup with all below it. Every CPU notes how long each state
/// lasted; two consumers, averages and polling, each sum that up now and then, every CPU weighted by its time with tasks (§6.3).
/// </summary>
[Kernel("struct psi_group", "include/linux/psi_types.h")]
internal sealed class PsiGroup
{
    private readonly PressureRules _rules;
    private readonly PsiGroupCpu[] _cpus;
    private readonly ulong[] _totals = new ulong[PsiState.NonIdle];
    private readonly ulong[] _pollTotals = new ulong[PsiState.NonIdle];
    private readonly long _tickNs;

    public PsiGroup(PressureRules rules, PsiGroup? parent, int cpus, int hz, long nowNs)
    {
        _rules = rules;
        Parent = parent;
        _cpus = new PsiGroupCpu[cpus];
        _tickNs = 1_000_000_000L / hz;
        Averages = new PsiAverages(nowNs, PsiAverages.PeriodNs(hz));
        Triggers = new PsiTriggers(rules, this, _tickNs);
    }

    /// <summary>The group that accounts its tasks, too; null for the system.</summary>
    public PsiGroup? Parent { get; }

    public PsiAverages Averages { get; }

    public PsiTriggers Triggers { get; }

    /// <summary>cgroup.pressure.</summary>
    public bool Enabled { get; private set; } = true;

    /// <summary>Its cgroup was removed.</summary>
    public bool Gone { get; set; }

    /// <summary>When the averages' work runs; <see cref="long.MaxValue"/> while it rests.</summary>
    public long WorkDueNs { get; private set; } = long.MaxValue;

    /// <summary>Stall time of a state in nanoseconds, as far as it was collected.</summary>
    public ulong Total(int state) => _totals[state];

    /// <summary>The same as the polling consumer saw it.</summary>
    public ulong PollTotal(int state) => _pollTotals[state];

    /// <summary>A task of this group changes on a CPU.</summary>
    [Kernel("psi_group_change", "kernel/sched/psi.c")]
    public void Change(int cpu, PsiTask clear, PsiTask set, long nowNs)
    {
        ref PsiGroupCpu at = ref _cpus[cpu];
        at.Record(nowNs);
        at.Count(clear, set);
        at.Enter(_rules, Enabled);
        if (!Enabled)
        {
            return;
        }
        Triggers.NoteStates(at.Mask, nowNs);
        if (WorkDueNs == long.MaxValue)
        {
            WorkDueNs = NextTick(nowNs, Averages.Period / _tickNs);
        }
    }

    /// <summary>A timer fires with the tick, at least <paramref name="ticks"/> after the last one.</summary>
    private long NextTick(long nowNs, long ticks) => ((nowNs / _tickNs) + ticks) * _tickNs;

    public void Tick(int cpu, long nowNs) => _cpus[cpu].Tick(nowNs, (uint)_tickNs);

    /// <summary>Sums up what the CPUs noted for one consumer. Answers the states that lasted at all on some CPU.</summary>
    [Kernel("collect_percpu_times", "kernel/sched/psi.c")]
    public uint Collect(bool polling, long nowNs)
    {
        Span<uint> recent = stackalloc uint[PsiState.Count];
        Span<ulong> weighted = stackalloc ulong[PsiState.NonIdle];
        weighted.Clear();
        ulong nonIdleTicks = 0;
        uint changed = 0;
        for (int cpu = 0; cpu < _cpus.Length; cpu++)
        {
            changed |= _cpus[cpu].TakeRecent(polling, nowNs, recent);
            ulong ticks = recent[PsiState.NonIdle] / (ulong)_tickNs;
            nonIdleTicks += ticks;
            for (int state = 0; state < PsiState.NonIdle; state++)
            {
                weighted[state] += recent[state] * ticks;
            }
        }
        ulong[] totals = polling ? _pollTotals : _totals;
        for (int state = 0; state < PsiState.NonIdle; state++)
        {
            totals[state] += weighted[state] / Math.Max(nonIdleTicks, 1);
        }
        return changed;
    }

    /// <summary>Somebody reads a file: totals are fresh, and a period that is over is ended.</summary>
    [Kernel("psi_show", "kernel/sched/psi.c")]
    public void Refresh(long nowNs)
    {
        if (!Enabled)
        {
            return;
        }
        _ = Collect(polling: false, nowNs);
        EndPeriod(nowNs);
    }

    private void EndPeriod(long nowNs)
    {
        if (nowNs >= Averages.NextUpdateNs)
        {
            Triggers.CheckUnprivileged(nowNs);
            Averages.Update(nowNs, _totals);
        }
    }

    /// <summary>The work of every period. It is not queued again after a period without tasks.</summary>
    [Kernel("psi_avgs_work", "kernel/sched/psi.c")]
    public void RunWork(long nowNs)
    {
        bool nonIdle = (Collect(polling: false, nowNs) & (1u << PsiState.NonIdle)) != 0;
        EndPeriod(nowNs);
        WorkDueNs = nonIdle ? NextTick(nowNs, ((Averages.NextUpdateNs - nowNs) / _tickNs) + 1) : long.MaxValue;
    }

    /// <summary>Full is never more than some, and some never more than the time since boot; counts agree with those of the group above (tests).</summary>
    public void Verify(long nowNs)
    {
        foreach (ulong[] totals in new[] { _totals, _pollTotals })
        {
            for (int state = PsiState.IoSome; state < PsiState.IrqFull; state += 2)
            {
                Invariant.Holds(totals[state + 1] <= totals[state], $"full <= some of state {state}: {totals[state + 1]} <= {totals[state]}");
                Invariant.Holds(totals[state] <= (ulong)nowNs, $"some <= elapsed of state {state}: {totals[state]} <= {nowNs}");
            }
        }
        for (int cpu = 0; cpu < _cpus.Length; cpu++)
        {
            (Parent ?? this)._cpus[cpu].Verify(_cpus[cpu], Parent is null ? "the system" : "a group");
        }
    }

    /// <summary>Switches accounting off, or on again with the tasks that are there now.</summary>
    [Kernel("psi_cgroup_restart", "kernel/sched/psi.c")]
    public void Enable(bool enabled, long nowNs)
    {
        Enabled = enabled;
        for (int cpu = 0; cpu < _cpus.Length; cpu++)
        {
            Change(cpu, PsiTask.None, PsiTask.None, nowNs);
        }
    }
}
