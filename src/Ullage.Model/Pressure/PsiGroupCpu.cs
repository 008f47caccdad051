using System.Runtime.CompilerServices;
using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Pressure;

/// <summary>One CPU of a group: how many tasks are what, since when, and how long each state lasted. Times wrap at 2^32 ns, as the kernel's do.</summary>
[Kernel("struct psi_group_cpu", "include/linux/psi_types.h")]
internal struct PsiGroupCpu
{
    private int _io;
    private int _mem;
    private int _run;
    private int _onCpu;
    private int _memRun;
    private int _onCpuMem; // this CPU's current task is of the group and stalls
    private uint _mask;
    private long _startNs;
    private Times _times;
    private Times _seenByAverages;
    private Times _seenByPolling;

    [InlineArray(PsiState.Count)]
    private struct Times
    {
        private uint _first;
    }

    public readonly uint Mask => _mask;

    /// <summary>Adds the time since the last change to every state that it was in.</summary>
    [Kernel("record_times", "kernel/sched/psi.c")]
    public void Record(long nowNs)
    {
        uint delta = (uint)(nowNs - _startNs);
        _startNs = nowNs;
        for (int state = 0; state < PsiState.Count; state++)
        {
            if ((_mask & (1u << state)) != 0)
            {
                _times[state] += delta;
            }
        }
    }

    /// <summary>The timer tick finds the running task stalled: at most one tick of it counts as full (§6.2).</summary>
    [Kernel("psi_memstall_tick", "kernel/sched/psi.c")]
    public void Tick(long nowNs, uint tickNs)
    {
        uint delta = (uint)(nowNs - _startNs);
        if ((_mask & (1u << PsiState.MemSome)) != 0 && (_mask & (1u << PsiState.MemFull)) == 0)
        {
            _times[PsiState.MemFull] += Math.Min(delta, tickNs);
        }
        Record(nowNs);
    }

    /// <summary>A task stops being <paramref name="clear"/> and becomes <paramref name="set"/>.</summary>
    public void Count(PsiTask clear, PsiTask set)
    {
        Add(clear, -1);
        Add(set, 1);
        Invariant.Holds((_io | _mem | _run | _onCpu) >= 0);
    }

    private void Add(PsiTask what, int n)
    {
        _io += (what & PsiTask.IoWait) != 0 ? n : 0;
        _mem += (what & PsiTask.MemStall) != 0 ? n : 0;
        _run += (what & PsiTask.Running) != 0 ? n : 0;
        _onCpu += (what & PsiTask.OnCpu) != 0 ? n : 0;
        _memRun += (what & (PsiTask.MemStall | PsiTask.Running)) == (PsiTask.MemStall | PsiTask.Running) ? n : 0;
        _onCpuMem += (what & (PsiTask.MemStall | PsiTask.OnCpu)) == (PsiTask.MemStall | PsiTask.OnCpu) ? n : 0;
    }

    /// <summary>Which states the counts mean (§6.2); 0 for a group that is switched off.</summary>
    [Kernel("test_state", "kernel/sched/psi.c")]
    public void Enter(PressureRules rules, bool enabled)
    {
        _mask = 0;
        if (!enabled)
        {
            return;
        }
        bool memFull = rules.MemFull == MemFullRule.NobodyRuns ? _run == 0 : _run == _memRun || _onCpuMem > 0;
        int served = rules.TracksOnCpu ? _onCpu : 1;
        Set(PsiState.IoSome, _io > 0);
        Set(PsiState.IoFull, _io > 0 && _run == 0);
        Set(PsiState.MemSome, _mem > 0);
        Set(PsiState.MemFull, _mem > 0 && memFull);
        Set(PsiState.CpuSome, _run > served);
        Set(PsiState.CpuFull, rules.CpuFull && _run > 0 && _onCpu == 0);
        Set(PsiState.NonIdle, (_io | _mem | _run) > 0);
    }

    /// <summary>Counts that must agree with each other, and with those of a group inside this one (tests).</summary>
    public readonly void Verify(in PsiGroupCpu inner, string what)
    {
        Invariant.Holds(_io >= 0 && _onCpu >= 0 && _onCpu <= _run && _memRun >= 0 && _memRun <= _mem && _memRun <= _run, $"task counts of {what}");
        Invariant.Holds(_onCpuMem >= 0 && _onCpuMem <= _onCpu && _onCpuMem <= _mem, $"stalled tasks on CPUs of {what}");
        Invariant.Holds(inner._io <= _io && inner._mem <= _mem && inner._run <= _run && inner._onCpu <= _onCpu, $"tasks below {what} are its own, too");
        Invariant.Holds(_onCpu <= 1, $"one task is on a CPU of {what}");
    }

    private void Set(int state, bool holds) => _mask |= holds ? 1u << state : 0;

    /// <summary>How long each state lasted since this consumer looked last, the running interval included; answers the states that lasted at all.</summary>
    [Kernel("get_recent_times", "kernel/sched/psi.c")]
    public uint TakeRecent(bool polling, long nowNs, Span<uint> recent)
    {
        uint changed = 0;
        uint running = (uint)(nowNs - _startNs);
        ref Times seen = ref (polling ? ref _seenByPolling : ref _seenByAverages);
        for (int state = 0; state < PsiState.Count; state++)
        {
            uint time = _times[state] + ((_mask & (1u << state)) != 0 ? running : 0);
            recent[state] = time - seen[state];
            seen[state] = time;
            changed |= recent[state] != 0 ? 1u << state : 0;
        }
        return changed;
    }
}
