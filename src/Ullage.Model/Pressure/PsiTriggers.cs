using Ullage.Abi;
using Ullage.Model.Eras;

namespace Ullage.Model.Pressure;

/// <summary>
/// The triggers of a group. Privileged ones are looked at ten times per window by a kernel thread, which works from the first
/// watched stall until ten of the shortest intervals went by without one (§6.6).
/// </summary>
[Kernel("psi_poll_worker", "kernel/sched/psi.c", Deviation = "psimon takes no CPU time.")]
internal sealed class PsiTriggers(PressureRules rules, PsiGroup group, long tickNs)
{
    private const int UpdatesPerWindow = 10;

    private readonly List<PsiTrigger> _triggers = [];
    private uint _watched;
    private long _minPeriodNs = long.MaxValue;
    private long _pollingUntilNs;
    private long _nextUpdateNs = long.MaxValue;

    /// <summary>When the thread looks next; <see cref="long.MaxValue"/> while it sleeps.</summary>
    public long WorkDueNs { get; private set; } = long.MaxValue;

    public bool Any => _triggers.Count > 0;

    public void Add(PsiTrigger trigger, long nowNs)
    {
        ulong total = trigger.Privileged ? group.PollTotal(trigger.State) : group.Total(trigger.State);
        trigger.Restart(nowNs, total);
        _triggers.Add(trigger);
        Recount();
    }

    [Kernel("psi_trigger_destroy", "kernel/sched/psi.c")]
    public void Remove(PsiTrigger trigger)
    {
        _triggers.Remove(trigger);
        Recount();
        if (_watched == 0)
        {
            (WorkDueNs, _pollingUntilNs, _nextUpdateNs) = (long.MaxValue, 0, long.MaxValue);
        }
    }

    private void Recount()
    {
        (_watched, _minPeriodNs) = (0, long.MaxValue);
        foreach (PsiTrigger trigger in _triggers)
        {
            if (trigger.Privileged)
            {
                _watched |= 1u << trigger.State;
                _minPeriodNs = Math.Min(_minPeriodNs, trigger.WindowNs / UpdatesPerWindow);
            }
        }
    }

    /// <summary>A CPU entered these states.</summary>
    [Kernel("psi_schedule_poll_work", "kernel/sched/psi.c")]
    public void NoteStates(uint mask, long nowNs)
    {
        if ((mask & _watched) != 0 && WorkDueNs == long.MaxValue)
        {
            WorkDueNs = ((nowNs / tickNs) + 1) * tickNs;
        }
    }

    [Kernel("psi_poll_work", "kernel/sched/psi.c")]
    public void RunWork(long nowNs)
    {
        WorkDueNs = long.MaxValue;
        uint changed = group.Collect(polling: true, nowNs);
        if ((changed & _watched) != 0)
        {
            if (nowNs > _pollingUntilNs)
            {
                Begin(nowNs);
            }
            _pollingUntilNs = nowNs + (_minPeriodNs * UpdatesPerWindow);
        }
        if (nowNs > _pollingUntilNs)
        {
            _nextUpdateNs = long.MaxValue;
            return;
        }
        if (nowNs >= _nextUpdateNs)
        {
            Update(privileged: true, nowNs);
            _nextUpdateNs = nowNs + _minPeriodNs;
        }
        WorkDueNs = ((nowNs / tickNs) + ((_nextUpdateNs - nowNs) / tickNs) + 1) * tickNs;
    }

    [Kernel("init_rtpoll_triggers", "kernel/sched/psi.c")]
    private void Begin(long nowNs)
    {
        foreach (PsiTrigger trigger in _triggers)
        {
            if (trigger.Privileged)
            {
                trigger.Restart(nowNs, group.PollTotal(trigger.State));
            }
        }
        _nextUpdateNs = nowNs + _minPeriodNs;
    }

    /// <summary>A period of the averages ends: triggers without privileges are looked at.</summary>
    public void CheckUnprivileged(long nowNs) => Update(privileged: false, nowNs);

    private void Update(bool privileged, long nowNs)
    {
        for (int i = 0; i < _triggers.Count; i++)
        {
            PsiTrigger trigger = _triggers[i];
            if (trigger.Privileged == privileged)
            {
                trigger.Update(nowNs, privileged ? group.PollTotal(trigger.State) : group.Total(trigger.State), rules.KeepsEarlyEvents);
            }
        }
    }
}
